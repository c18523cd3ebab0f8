"""What the bank's services do for a customer: payments, saved payees, cards."""

from __future__ import annotations
