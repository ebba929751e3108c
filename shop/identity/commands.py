"""Commands: a token for a script, and the first person of a new installation."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import or_, select

from shop import clock
from shop.db import db, transaction
from shop.errors import DomainError
from shop.identity import codes, recovery, services, sign_in
from shop.identity.models import Membership, Organisation, User
from shop.identity.roles import ADMIN_ROLE


@click.command("token")
@click.option("--user", "contact", help="Phone number or e-mail of the member; without it the first administrator.")
@click.option("--org", "name", help="Credit code, id or exact name; without it the operator, in a demo the demo's.")
@click.option(
    "--scope", "scopes", multiple=True, help="A permission, or several by commas; without it all of the roles."
)
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long it works.")
@with_appcontext
def token(contact: str | None, name: str | None, scopes: tuple[str, ...], days: int) -> None:
    """Make an API token and print it as the last line."""
    wanted = [scope.strip() for text in scopes for scope in text.split(",") if scope.strip()] or ["*"]
    now = clock.real_now()
    with transaction():
        organisation = _find_organisation(name)
        membership = _find_membership(organisation, contact)
        issued = services.issue_token(
            membership.id, "duikou token", wanted, at=now, expires_at=now + timedelta(days=days)
        )
        about = f"{organisation.name} ({organisation.kind}), {', '.join(wanted)}, {days} days"
    click.echo(about, err=True)
    click.echo(issued.secret)


def _find_organisation(name: str | None) -> Organisation:
    wanted = select(Organisation).order_by(Organisation.is_demo.desc(), Organisation.id).limit(1)
    if name is None:
        wanted = wanted.where(Organisation.kind == "operator")
    else:
        keys = [Organisation.credit_code == name.strip().upper(), Organisation.name == name.strip()]
        wanted = wanted.where(or_(*keys, *([Organisation.public_id == UUID(name)] if _is_uuid(name) else [])))
    found = db.session.scalars(wanted).first()
    if found is None:
        message = "There is no such organisation." if name else "There is no operator yet: see `duikou operator`."
        raise click.ClickException(message)
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _find_membership(organisation: Organisation, contact: str | None) -> Membership:
    today = clock.today()
    wanted = (
        select(Membership)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organisation_id == organisation.id,
            Membership.waits_since.is_(None),
            Membership.valid_from <= today,
            or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
            User.disabled_at.is_(None),
        )
        .order_by(Membership.id)
    )
    if contact is not None:
        user = sign_in.find_user(contact)
        wanted = wanted.where(Membership.user_id == (user.id if user else None))
    members = db.session.scalars(wanted).all()
    if not members:
        message = f"No such member of {organisation.name} today."
        raise click.ClickException(message)
    return next((m for m in members if _is_admin(m, organisation)), members[0])


def _is_admin(membership: Membership, organisation: Organisation) -> bool:
    return ADMIN_ROLE[organisation.kind] in services.roles_of(membership.id, clock.today())


@click.command("operator")
@click.option("--name", required=True, help="Name of the organisation that runs the platform.")
@click.option("--division", required=True, help="Six digits of its division.")
@click.option("--credit-code", help="Its credit code.")
@click.option("--person", required=True, help="Name of its first administrator.")
@click.option("--contact", required=True, help="The person's phone number or e-mail.")
@with_appcontext
def operator(name: str, division: str, credit_code: str | None, person: str, contact: str) -> None:
    """Register the operator of a new installation, and print the link by which its first person chooses a password."""
    new = services.NewOrganisation(kind="operator", name=name, division_code=division, credit_code=credit_code)
    try:
        with transaction():
            if db.session.scalar(select(Organisation.id).where(Organisation.kind == "operator", ~Organisation.is_demo)):
                message = "There is an operator already; its administrator invites further persons."
                raise click.ClickException(message)
            organisation = services.create_organisation(new, at=clock.now(), is_verified=True)
            phone, email = codes.read_contact(contact)
            user = sign_in.find_user(contact) or services.create_user(person, at=clock.now(), phone=phone, email=email)
            services.add_member(
                user.id, organisation.id, since=clock.today(), roles=["operator_confirmer", "operator_reviewer"]
            )
            secret = recovery.make_link_secret(user.id, recovery.INVITATION, clock.real_now())
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{current_app.config['BASE_URL']}/invitations/{secret}")
