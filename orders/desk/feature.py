"""What the desks bring to the orders feature."""

API = ("orders.desk.views.bp",)
