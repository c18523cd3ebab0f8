"""Exact money: integer minor units of an ISO 4217 currency."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision
from pydantic import AfterValidator, BaseModel, ConfigDict

from data.errors import InvalidAmount, InvalidCurrency

# Decimal rounds silently beyond its context's 28 digits, and SQL integers end at 64 bits.
EXACT_DIGITS = 24
MOST_MINOR = 2**63 - 1


@lru_cache(maxsize=512)
def currency(code: str) -> str:
    """Check an ISO 4217 alphabetic code, such as GBP; raises InvalidCurrency.

    Source: the list of currencies in Unicode CLDR, by way of Babel.
    """
    upper = code.strip().upper()
    if upper not in get_global("all_currencies"):
        raise InvalidCurrency(code)
    return upper


Currency = Annotated[str, AfterValidator(currency)]


@lru_cache(maxsize=512)
def digits(code: str) -> int:
    """How many decimal digits the currency has: 2 for GBP, 0 for JPY, 3 for KWD."""
    return get_currency_precision(code)


class Money(BaseModel):
    """An amount in minor units of one currency; negative means leaving the account."""

    model_config = ConfigDict(frozen=True)

    minor: int
    currency: Currency

    @classmethod
    def of(cls, amount: str | Decimal, code: str) -> Money:
        """Read "10.50" as 1050 minor units of GBP.

        Raises InvalidAmount for text that is no decimal number, or that has more decimals than the
        currency has: an amount is never rounded on its way in.
        """
        code = currency(code)
        try:
            value = Decimal(amount)
        except InvalidOperation as error:
            raise InvalidAmount(str(amount), "it is not a decimal number") from error
        if not value.is_finite():
            raise InvalidAmount(str(amount), "it is not a finite number")
        if len(value.as_tuple().digits) > EXACT_DIGITS or value.adjusted() >= EXACT_DIGITS:
            raise InvalidAmount(str(amount), f"it has more than {EXACT_DIGITS} digits")
        scaled = value.scaleb(digits(code))
        if scaled != scaled.to_integral_value():
            raise InvalidAmount(str(amount), f"{code} has {digits(code)} decimals")
        if abs(scaled) > MOST_MINOR:
            raise InvalidAmount(str(amount), "it is too large")
        return cls(minor=int(scaled), currency=code)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-digits(self.currency))

    @property
    def plain(self) -> str:
        """Digits without a symbol or grouping, such as "-1306.79"."""
        return f"{self.decimal:.{digits(self.currency)}f}"

    def shown(self, locale: str = "en_GB") -> str:
        """The amount as a reader of the locale expects it, such as "£1,306.79"."""
        return format_currency(self.decimal, self.currency, locale=locale)

    def share(self, rate: Decimal, rounding: str = ROUND_HALF_EVEN) -> Money:
        """A part of the amount, rounded to whole minor units by the rule named."""
        part = (Decimal(self.minor) * rate).quantize(Decimal(1), rounding=rounding)
        return Money(minor=int(part), currency=self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(minor=self.minor + self._same(other).minor, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(minor=self.minor - self._same(other).minor, currency=self.currency)

    def __neg__(self) -> Money:
        return Money(minor=-self.minor, currency=self.currency)

    def __abs__(self) -> Money:
        return Money(minor=abs(self.minor), currency=self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other).minor

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other).minor

    def __str__(self) -> str:
        return f"{self.plain} {self.currency}"

    def _same(self, other: Any) -> Money:
        if not isinstance(other, Money):
            raise TypeError(f"Money cannot be combined with {type(other).__name__}")
        if other.currency != self.currency:
            raise InvalidCurrency(f"{self.currency} and {other.currency} in one sum")
        return other


def total(amounts: Iterable[Money], code: str) -> Money:
    """The exact sum of amounts of one currency; zero of it when there are none."""
    result = Money(minor=0, currency=code)
    for amount in amounts:
        result += amount
    return result
