"""Every table of runwu; importing this package fills SQLModel.metadata."""

from schemas.tables.decisions import Candidate, GovernorDecision, Ledger, Message, MessageEvent
from schemas.tables.dispatches import Delivery, Dispatch, DispatchRecipient, Outcome
from schemas.tables.facts import PersonFacts, SegmentMembership, StalePerson, Wheel
from schemas.tables.happenings import Benefit, MemberEvent
from schemas.tables.orders import OrderLine, Product, ShopOrder
from schemas.tables.people import (
    Consent,
    Contact,
    Employee,
    Member,
    Merge,
    Person,
    Store,
    Suppression,
)
from schemas.tables.pulls import (
    DataVerdict,
    DayVerdict,
    Inbox,
    Quarantine,
    Reading,
    Run,
    Watermark,
)
from schemas.tables.staged import (
    StagedBenefit,
    StagedContact,
    StagedEmployee,
    StagedMember,
    StagedMemberEvent,
    StagedOrderLine,
    StagedProduct,
    StagedStore,
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
    "Benefit",
    "Candidate",
    "Consent",
    "Contact",
    "DataVerdict",
    "DayVerdict",
    "Delivery",
    "Dispatch",
    "DispatchRecipient",
    "Draft",
    "Employee",
    "GovernorDecision",
    "Inbox",
    "Ledger",
    "Member",
    "MemberEvent",
    "Merge",
    "Message",
    "MessageEvent",
    "OrderLine",
    "Outcome",
    "Person",
    "PersonFacts",
    "Product",
    "Quarantine",
    "Reading",
    "ReviewBatch",
    "ReviewItem",
    "Run",
    "SegmentMembership",
    "ShopOrder",
    "StagedBenefit",
    "StagedContact",
    "StagedEmployee",
    "StagedMember",
    "StagedMemberEvent",
    "StagedOrderLine",
    "StagedProduct",
    "StagedStore",
    "StalePerson",
    "Store",
    "Suppression",
    "Watermark",
    "Wheel",
    "Wording",
]
