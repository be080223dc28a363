"""Every table of runwu; importing this package fills SQLModel.metadata."""

from schemas.tables.decisions import Candidate, GovernorDecision, Ledger, Message, MessageEvent
from schemas.tables.dispatches import Delivery, Dispatch, DispatchRecipient, Outcome
from schemas.tables.facts import PersonFacts, SegmentMembership, StalePerson, Wheel
from schemas.tables.orders import OrderLine, Product, ShopOrder
from schemas.tables.people import Consent, Contact, Employee, Member, Person, Suppression
from schemas.tables.pulls import (
    DataVerdict,
    Quarantine,
    Run,
    StagedContact,
    StagedMember,
    StagedOrderLine,
    Watermark,
)
from schemas.tables.wordings import (
    Approval,
    ApprovalRecipient,
    Draft,
    ReviewBatch,
    ReviewItem,
    Wording,
)

__all__ = [
    "Approval",
    "ApprovalRecipient",
    "Candidate",
    "Consent",
    "Contact",
    "DataVerdict",
    "Delivery",
    "Dispatch",
    "DispatchRecipient",
    "Draft",
    "Employee",
    "GovernorDecision",
    "Ledger",
    "Member",
    "Message",
    "MessageEvent",
    "OrderLine",
    "Outcome",
    "Person",
    "PersonFacts",
    "Product",
    "Quarantine",
    "ReviewBatch",
    "ReviewItem",
    "Run",
    "SegmentMembership",
    "ShopOrder",
    "StagedContact",
    "StagedMember",
    "StagedOrderLine",
    "StalePerson",
    "Suppression",
    "Watermark",
    "Wheel",
    "Wording",
]
