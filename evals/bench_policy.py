"""What a decision of the policy's costs: of a read, of payments in each of its outcomes, and within a confirmation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

from connectors.gateway import Gateway
from connectors.policy import Decision, decide, standing
from data.actions import Action, Intent, IntentId, Origin, Payee, Value
from data.intents import Intents, Velocity
from data.money import Money
from data.party import PASSWORD, AccountId, Grant, GrantSource, Login, Party, PartyId, Role
from data.store import connect
from evals.questions import NOW

TARGET_MS = 0.5
ANN, ACCOUNT = PartyId("ann"), AccountId("everyday")
GRANT = Grant(party=ANN, account=ACCOUNT, role=Role.HOLDER, source=GrantSource.SERVICE)
LOGIN = Login(party=Party(id=ANN, name="Ann"), grants=(GRANT,), acr=PASSWORD, authenticated_at=NOW - timedelta(hours=1))
SAM = Payee(name="Sam", scheme="UK.OBIE.SortCodeAccountNumber", identification="20000112345678", beneficiary="b1")
AMOUNT = Money.of("25.00", "GBP")
ONCE = Velocity(hour_count=1, day_count=1, day_sums=(AMOUNT,), payee_sums=(AMOUNT,))


def report(folder: Path, times: int) -> Iterator[str]:
    """Lines of medians and 95th percentiles; what is weighed goes through the gateway, its context is worked out each time."""
    gateway = Gateway()

    def weigh(risk: str, confirmed: bool) -> Decision:
        return gateway.weigh(_payment(0), LOGIN, NOW, velocity=ONCE, risk=risk, payee_since=None, confirmed=confirmed)

    cases: dict[str, Callable[[], Decision]] = {
        "a read": lambda: decide("ReadBalances", ANN, ACCOUNT, standing(LOGIN, ACCOUNT, NOW)),
        "a payment": lambda: weigh("low", True),
        "a payment to be confirmed": lambda: weigh("low", False),
        "a payment to be stepped up for": lambda: weigh("high", False),
    }
    for name, case in cases.items():
        p50, p95 = _measured([case] * times)
        yield f"deciding about {name} ({type(case()).__name__}): p50 {p50:.2f} ms, p95 {p95:.2f} ms (target {TARGET_MS} ms)"
    p50, p95 = _measured(_confirmations(folder, gateway, 200))
    yield f"reserving an intent under a decision, in SQLite: p50 {p50:.2f} ms, p95 {p95:.2f} ms"


def _payment(number: int) -> Intent:
    """Each of a party of its own, as limits end what one party may do."""
    return Intent(
        id=IntentId(f"i{number}"),
        party=ANN if number == 0 else PartyId(f"party-{number}"),
        conversation=f"talk-{number}",
        turn=1,
        action=Action.PAY,
        account=ACCOUNT,
        prepared_at=NOW,
        values=(Value(name="amount", shown="£25.00", origin=Origin.CUSTOMER),),
        amount=AMOUNT,
        payee=SAM,
    )


def _confirmations(folder: Path, gateway: Gateway, many: int) -> list[Callable[[], object]]:
    intents = Intents(connect(f"sqlite:///{folder / 'intents.db'}"))

    def confirmation(intent: Intent) -> Callable[[], object]:
        party = Party(id=intent.party, name="")
        login = LOGIN.model_copy(update={"party": party, "grants": (GRANT.model_copy(update={"party": party.id}),)})

        def weigh(velocity: Velocity) -> Decision:
            return gateway.weigh(intent, login, NOW, velocity=velocity, risk="low", payee_since=None, confirmed=True)

        def confirm() -> None:
            assert intents.reserve(intent.party, intent.id, intent.digest, NOW, weigh).reserved

        return confirm

    asked = [_payment(number) for number in range(1, many + 1)]
    for one in asked:
        intents.put(one)
    return [confirmation(one) for one in asked]


def _measured(work: list[Callable[[], object]]) -> tuple[float, float]:
    took = []
    for one in work:
        began = time.perf_counter()
        one()
        took.append((time.perf_counter() - began) * 1000)
    return median(took), quantiles(took, n=20)[-1]
