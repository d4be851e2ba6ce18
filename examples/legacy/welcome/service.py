"""The service itself: it writes every letter for comparison, and sends those that are its own.

There is no switch in it. Each account's event says who sends its letter; until the bank says `welcome` there,
this only compares. Before it sends, it says so in the journal (`WelcomeLetterDue`), and acts on that.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Final

from examples.legacy.language import accounts_v1_pb2 as accounts
from examples.legacy.language.streams import BANK, WELCOME
from examples.legacy.welcome import rows
from examples.legacy.welcome.comparing import compare
from examples.legacy.welcome.letter import Letter, letter_for
from examples.legacy.welcome.posting import Errand, post
from examples.legacy.welcome.settings import WelcomeSettings, welcome_settings
from protocol.envelope import Event
from subscriber import Context, Doubt, Effect, Handler, Mode, Store, Subscriber, Timer, make_effects
from subscriber.serving import ServiceSettings, ServiceSpec, Verb

__all__ = ["FOLLOWED", "SPEC", "subscriber"]

FOLLOWED: Final = ("accounts.account", "accounts.letter")
_THREADS: Final = 4
_LEFT: Final = "left"
# The print house knows keys: asked again, it sends nothing again. One that did not would need Doubt.HOLD.
_LETTER: Final = Effect("welcome.letter", Doubt.RESEND)


def subscriber(own: WelcomeSettings) -> Subscriber:
    """Describe the service to the runtime."""
    desk = _Desk(own)
    heard = (accounts.AccountOpened, accounts.WelcomeLetterSent, accounts.LettersHandedOver)
    return Subscriber(
        WELCOME,
        FOLLOWED,
        (
            Handler(heard, desk.hear),
            Handler((accounts.WelcomeLetterDue,), desk.sent, gather=desk.ask, work=post, mode=Mode.REACT),
        ),
        on_timer=desk.ring,
    )


class _Desk:
    """The handlers, with the settings they work by."""

    def __init__(self, own: WelcomeSettings) -> None:
        self._own = own

    def hear(self, event: Event, _value: object, ctx: Context) -> None:
        """Note what was said; say which letter is due, and look later for those the bank may leave behind."""
        account = event.envelope.subject
        match event.message:
            case accounts.AccountOpened() as said:
                self._opened(account, said, ctx)
            case accounts.WelcomeLetterSent() as said:
                rows.note_sent(ctx, account, said.by, said.template, said.digest)
                ctx.forget(_LEFT, account)
            case accounts.LettersHandedOver() as said:
                rows.note_handover(ctx, said.to)
                self._look_later(ctx, [known.account for known in rows.accounts(ctx) if known.left])

    def _opened(self, account: str, said: accounts.AccountOpened, ctx: Context) -> None:
        letter = letter_for(account, said, premium_from_pence=self._own.premium_from_pence)
        rows.note_opened(ctx, account, said.customer, said.letter_by, letter)
        if said.letter_by == WELCOME:
            _say_due(account, said.customer, letter, "opened", ctx)
        else:
            # On Kafka the hand-over may be read before an account that was opened before it.
            self._look_later(ctx, [known.account for known in rows.accounts(ctx, account) if known.left])

    def _look_later(self, ctx: Context, left: list[str]) -> None:
        if rows.letters_by(ctx) == WELCOME:
            for account in left:
                ctx.remind(ctx.moment + self._own.grace, _LEFT, account)

    def ring(self, timer: Timer, ctx: Context) -> None:
        """Take over a letter that the bank was to send before the hand-over, and has not."""
        for known in rows.accounts(ctx, timer.key):
            if known.left and rows.letters_by(ctx) == WELCOME:
                _say_due(known.account, known.customer, known.letter, "left", ctx)

    def ask(self, event: Event, ctx: Context) -> Errand | None:
        """Note that the letter is about to leave, before it does."""
        said = event.message
        if not isinstance(said, accounts.WelcomeLetterDue) or _LETTER.asked(event, ctx) is None:
            return None
        letter = Letter(said.template, said.text)
        return Errand(
            url=self._own.post_url, account=event.envelope.subject, customer=said.customer, letter=letter
        )

    def sent(self, event: Event, value: object, ctx: Context) -> None:
        """Note that the print house has it, and tell the bank."""
        said = event.message
        if isinstance(said, accounts.WelcomeLetterDue) and isinstance(value, str):
            _LETTER.answered(event, value, ctx)
            told = accounts.WelcomeLetterSent(by=WELCOME, template=said.template, digest=value)
            ctx.emit(told, subject=event.envelope.subject, client=BANK)


def _say_due(account: str, customer: str, letter: Letter, why: str, ctx: Context) -> None:
    due = accounts.WelcomeLetterDue(customer=customer, template=letter.template, text=letter.text, why=why)
    ctx.emit(due, subject=account, client=BANK)


def _prepare(store: Store) -> None:
    make_effects(store)
    rows.prepare(store)


def _build(_settings: ServiceSettings) -> Subscriber:
    return subscriber(welcome_settings())


def _compare(settings: ServiceSettings, _asked: Namespace) -> int:
    return compare(SPEC, settings)


SPEC = ServiceSpec(
    name=WELCOME,
    streams=FOLLOWED,
    prepare=_prepare,
    build=_build,
    threads=_THREADS,
    verbs=(
        Verb(name="compare", help="tell where our letters differ from the bank's; 1: somewhere", do=_compare),
    ),
)
