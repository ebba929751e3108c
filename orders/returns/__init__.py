"""Accepted goods that go back: asked for or offered, agreed to, sent, received; the books follow what has come back."""
