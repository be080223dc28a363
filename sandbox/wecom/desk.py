"""The mass-send desk: from a call to a task, to an employee's tap, to deliveries."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sandbox.agenda import Agenda
from sandbox.calendar import midnight
from sandbox.chance import digest
from sandbox.records import Received
from sandbox.wecom.contacts import Contacts, Customer
from sandbox.wecom.employees import confirms_at
from sandbox.wecom.errors import WecomError
from sandbox.wecom.letterbox import Letterbox, Status
from sandbox.wecom.message import Draft
from sandbox.wecom.tasks import Share, Task

Reaction = Callable[[Customer, str, datetime], None]


class Desk:
    """All tasks, by msgid; `react` is told of every delivery."""

    def __init__(
        self, seed: int, contacts: Contacts, letterbox: Letterbox, agenda: Agenda, react: Reaction
    ) -> None:
        self._seed = seed
        self._contacts = contacts
        self._letterbox = letterbox
        self._agenda = agenda
        self._react = react
        self.tasks: dict[str, Task] = {}

    def create(self, draft: Draft, at: datetime) -> tuple[Task, list[str]]:
        """Create a task; return it with the recipients nobody can send to."""
        customers, failed = self._sendable(draft)
        if not customers:
            raise WecomError(41048, "no customer to send")
        by_employee: dict[str, list[Customer]] = {}
        for customer in customers:
            userid = draft.sender or next(iter(customer.followers))
            by_employee.setdefault(userid, []).append(customer)
        shares = tuple(Share(userid, tuple(each)) for userid, each in by_employee.items())
        task = Task(self._msgid(draft, customers, at), draft, at, shares)
        self.tasks[task.msgid] = task
        for share in shares:
            taps = confirms_at(self._seed, share.userid, task.msgid, at)
            if taps is not None:
                name = f"{task.msgid}:{share.userid}"
                self._agenda.add(taps, name, partial(self.confirm, task, share))
        return task, failed

    def send_own(self, userid: str, recipients: tuple[str, ...], text: str, at: datetime) -> Task:
        """
        Let an employee send what they made in the WeCom client to customers of theirs.

        Nobody has to tap: who makes it sends it. The platform's quota holds for it all the same.
        """
        draft = Draft(userid, recipients, text, ())
        customers, strangers = self._sendable(draft)
        if strangers:
            raise WecomError(84084, f"{userid} does not follow {strangers[0]}")
        share = Share(userid, tuple(customers))
        task = Task(self._msgid(draft, customers, at), draft, at, (share,), creator=userid)
        self.tasks[task.msgid] = task
        self.confirm(task, share, at)
        return task

    def confirm(self, task: Task, share: Share, at: datetime) -> None:
        """Let the employee tap send: everything is delivered, or not, at once."""
        if task.cancelled or share.confirmed_at is not None:
            return
        share.confirmed_at = at
        for customer in share.customers:
            status = self._letterbox.accepts(customer, share.userid, at)
            share.rows[customer.external_userid] = status
            if status is Status.SENT:
                self._deliver(task, share.userid, customer, at)

    def _deliver(self, task: Task, userid: str, customer: Customer, at: datetime) -> None:
        letter = Received(
            unionid=customer.unionid,
            external_userid=customer.external_userid,
            userid=userid,
            msgid=task.msgid,
            at=at,
            text=task.draft.text,
            link_url=task.draft.link_url,
        )
        self._letterbox.deliver(customer, letter)
        self._react(customer, userid, at)

    def _sendable(self, draft: Draft) -> tuple[list[Customer], list[str]]:
        """Return the customers to write to and the ids that fail; a bare sender means everyone."""
        if not draft.recipients and draft.sender is not None:
            return self._contacts.of(draft.sender), []
        customers, failed = [], []
        for external_userid in draft.recipients:
            customer = self._contacts.find(external_userid)
            if customer is None or draft.sender not in {None, *customer.followers}:
                failed.append(external_userid)
            else:
                customers.append(customer)
        return customers, failed

    def _msgid(self, draft: Draft, customers: list[Customer], at: datetime) -> str:
        """
        Return a new msgid, which the employees' behaviour depends on.

        Rationale: it does not depend on the content, whose marker may differ from run to run, nor
        on the order of calls for different recipients.
        """
        ids = sorted(customer.external_userid for customer in customers)
        again = 0
        while True:
            name = digest(self._seed, draft.sender, midnight(at).date(), *ids, again)
            msgid = f"msg{name[:29]}"
            if msgid not in self.tasks:
                return msgid
            again += 1
