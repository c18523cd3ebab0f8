"""Everything that can go wrong in the bank's own terms. No word about HTTP here."""

from __future__ import annotations


class CounterfoilError(Exception):
    """The root. `code` is stable and machine-readable; the text is for a person."""

    code = "error"


class InvalidInput(CounterfoilError):
    """What was given cannot be read; nothing of it was kept."""

    code = "invalid_input"


class InvalidAmount(InvalidInput):
    code = "invalid_amount"

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r} is not an amount: {reason}")
        self.reason = reason


class InvalidCurrency(InvalidInput):
    code = "invalid_currency"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a currency that can be used here")


class InvalidLine(InvalidInput):
    """A file that cannot be taken in: says the file, the line and the field. line None or 0: the whole."""

    def __init__(self, file: str, line: int | None, field: str | None, reason: str) -> None:
        where = f"{file}, line {line}" if line else file
        if field is not None:
            where += f", field {str(field)!r}"
        super().__init__(f"{where}: {reason}")
        self.file, self.line, self.field, self.reason = file, line, field, reason


class InvalidStatement(InvalidLine):
    """A statement file that cannot be imported."""

    code = "invalid_statement"


class InvalidArticle(InvalidLine):
    """An article that cannot be loaded."""

    code = "invalid_article"
    line: int


class InvalidUtterance(InvalidLine):
    """A labelled utterance that cannot be learned from."""

    code = "invalid_utterance"
    line: int


class NotAuthenticated(CounterfoilError):
    """No token, or one that does not prove who is asking."""

    code = "not_authenticated"


class InvalidToken(NotAuthenticated):
    """A token that was forged, is for somebody else, or is not valid at this time."""

    code = "invalid_token"


class InvalidProof(InvalidToken):
    """A token is bound to a key, and what came with it does not prove that whoever shows it has that key."""

    code = "invalid_dpop_proof"


class MalformedLogin(InvalidInput):
    """What should prove who is asking is there, and in no form that is read: two tokens, or none behind its word."""

    code = "invalid_request"


class StepUpRequired(CounterfoilError):
    """A good login that is not enough for this: the customer proves again who they are, as `acr` says.

    max_age_s: how long ago that may have been, in seconds.
    """

    code = "step_up_required"

    def __init__(self, acr: str, max_age_s: int) -> None:
        super().__init__("this needs you to confirm again who you are")
        self.acr, self.max_age_s = acr, max_age_s


class ScopeMissing(CounterfoilError):
    """A good token that was not given for this."""

    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"the login was not given for {scope!r}")
        self.scope = scope


class Denied(CounterfoilError):
    """Policy says no; `rules` are the ids of the rules that said it."""

    code = "denied"

    def __init__(self, action: str, rules: tuple[str, ...] = ()) -> None:
        super().__init__(f"{action} is not allowed" + (f" ({', '.join(rules)})" if rules else ""))
        self.action, self.rules = action, rules


class IntentGone(CounterfoilError):
    """What was shown cannot be confirmed any more. reason: expired, cancelled, superseded, or changed (it is another thing)."""

    code = "intent_gone"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this can no longer be confirmed: {reason}")
        self.reason = reason


class NotFound(CounterfoilError):
    code = "not_found"

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"there is no {kind} {key!r} here")


class ConversationBusy(CounterfoilError):
    """A turn is running in this conversation; its lease has not ended."""

    code = "conversation_busy"


class LeaseLost(CounterfoilError):
    """A turn that may no longer write: its conversation was taken over or deleted."""

    code = "lease_lost"


class TooMany(CounterfoilError):
    """More at once than we take from one customer; `wait_s` says when to come back."""

    code = "too_many"

    def __init__(self, what: str, wait_s: float) -> None:
        super().__init__(f"there were too many {what} in a short time")
        self.wait_s = wait_s


class TooLong(InvalidInput):
    code = "too_long"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"{what} may have up to {limit} characters")
        self.limit = limit


class Unavailable(CounterfoilError):
    """A part that the answer needs does not answer; the rest still works."""

    code = "unavailable"


class ServiceUnavailable(Unavailable):
    """One of the bank's services did not answer, or not in a way that can be used."""

    code = "service_unavailable"

    def __init__(self, service: str, reason: str) -> None:
        super().__init__(f"the {service} service is not available: {reason}")
        self.service, self.reason = service, reason


class OutcomeUnknown(ServiceUnavailable):
    """One of the bank's services was asked to do something, and whether it did is not known: read it back, do not repeat it."""

    code = "outcome_unknown"


class ServiceRefused(CounterfoilError):
    """One of the bank's services said no; `codes` are its own error codes."""

    code = "service_refused"

    def __init__(self, service: str, status: int, codes: tuple[str, ...]) -> None:
        super().__init__(f"the {service} service refused ({status}: {', '.join(codes) or 'no code'})")
        self.service, self.status, self.codes = service, status, codes


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or not to this login."""

    code = "database_unavailable"


class IndexUnavailable(Unavailable):
    code = "index_unavailable"


class ModelUnavailable(Unavailable):
    """No language model, one that is still coming, or one that did not answer in time."""

    code = "model_unavailable"


class ModelBusy(ModelUnavailable):
    """The language model is there and did not get to the question in time, or would not."""

    code = "model_busy"


class WeightsCorrupt(CounterfoilError):
    """Weights on disk that do not have the digest they must have."""

    code = "weights_corrupt"

    def __init__(self, name: str, found: str, wanted: str) -> None:
        super().__init__(f"{name} has sha256 {found[:16]}…, not {wanted[:16]}…")
