"""Which account a statement is of: formats write one account in different ways."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from data.banking import Account, AccountKind
from data.errors import InvalidInput
from data.party import AccountId, Grant, GrantSource, Party, PartyId, Role

# An account number stands at the end of its IBAN; shorter endings may be alike by chance.
LEAST = 8
_NAMES = {AccountKind.CARD: "Card", AccountKind.SAVINGS: "Savings account", AccountKind.LOAN: "Loan"}


def same(one: str, other: str) -> bool:
    """Whether two account numbers are of one account: alike but for blanks and signs, or one is the end of the other.

    "31926819", "60-16-13 31926819" and "GB29 NWBK 6016 1331 9268 19" are one account.
    """
    shorter, longer = sorted((_plain(one), _plain(other)), key=len)
    return shorter == longer if len(shorter) < LEAST else longer.endswith(shorter)


def _plain(number: str) -> str:
    return "".join(c for c in number.upper() if c.isalnum())


class Holders:
    """The accounts of files that parties have, and those that a new file adds."""

    def __init__(self, held: Iterable[tuple[PartyId, Account]]) -> None:
        self._held: dict[tuple[PartyId, str], list[Account]] = {}
        for party, account in held:
            self._held.setdefault((party, account.currency), []).append(account)
        self._used: dict[tuple[PartyId, AccountId], Account] = {}

    def account(self, party: PartyId, label: str, currency: str, kind: AccountKind) -> Account:
        """The party's account with a number and a currency; a new one where there is none. "" is a file that says no number.

        Raises InvalidInput where the number is the end of several accounts' numbers.
        """
        found = self._known(party, label, currency) if label else None
        if found is None:
            # Each part is quoted, so that no party's name can make the id of another's account.
            parts = (str(party), label or kind.value, currency)
            found = Account(
                id=AccountId("file:" + "/".join(quote(part, safe="") for part in parts)),
                kind=kind,
                name=f"{_NAMES.get(kind, 'Current account')} {label[-4:]}".strip(),
                currency=currency,
                identification=label,
            )
            self._held.setdefault((party, currency), []).append(found)
        self._used[party, found.id] = found
        return found

    def _known(self, party: PartyId, label: str, currency: str) -> Account | None:
        own = [a for a in self._held.get((party, currency), ()) if a.identification]
        exact = [a for a in own if _plain(a.identification) == _plain(label)]
        found = exact or [a for a in own if same(a.identification, label)]
        if len(found) > 1:
            raise InvalidInput(f"{label!r} may be any of the accounts {', '.join(a.identification for a in found)}")
        return found[0] if found else None

    def enrolled(self) -> tuple[list[Party], list[Account], list[Grant]]:
        """The parties and accounts that were asked for, and what lets the ones see the others."""
        parties = [Party(id=who, name=str(who)) for who in dict.fromkeys(who for who, _ in self._used)]
        grants = [Grant(party=who, account=account, role=Role.HOLDER, source=GrantSource.FILE) for who, account in self._used]
        return parties, list(self._used.values()), grants
