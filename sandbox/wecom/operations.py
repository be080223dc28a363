"""What each WeCom endpoint does: the office, the call's parameters and the time, to an answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sandbox.wecom import fields
from sandbox.wecom.contacts import TAGS, Contacts, Customer, tag_id
from sandbox.wecom.desk import Desk
from sandbox.wecom.employees import EMPLOYEES
from sandbox.wecom.errors import WecomError
from sandbox.wecom.fields import Answer, Body
from sandbox.wecom.letterbox import Status
from sandbox.wecom.message import read_draft
from sandbox.wecom.tasks import Share, Task

_SETTLING: Final = timedelta(seconds=30)
_LONGEST_SPAN: Final = 31 * 86400
_CORP, _PERSONAL, _ALL = 0, 1, 2  # whose sends are asked for; the first two tell whose one is
_TAGS_SINCE: Final = 1_700_000_000  # seconds; the shop has used these tags for years


@dataclass(frozen=True)
class Office:
    """What the endpoints work on."""

    contacts: Contacts
    desk: Desk


def follow_users(office: Office, body: Body, at: datetime) -> Answer:
    """get_follow_user_list: the employees who may have customers."""
    del office, body, at
    return {"follow_user": list(EMPLOYEES)}


def contacts_of_users(office: Office, body: Body, at: datetime) -> Answer:
    """batch/get_by_user: the customers of some employees, deleted ones included."""
    del at
    userids = fields.texts(body, "userid_list", 100)
    if not userids:
        raise fields.empty("userid_list")
    for userid in userids:
        _check_user(userid)
    rows = [_contact(c, userid) for userid in userids for c in office.contacts.of(userid)]
    page, cursor = fields.cut(rows, body, fields.limit(body, 50, 100, most=100))
    return {"external_contact_list": page, "next_cursor": cursor}


def _contact(customer: Customer, userid: str) -> Answer:
    return {
        "external_contact": {
            "external_userid": customer.external_userid,
            "name": customer.name,
            "avatar": "",
            "type": 1,
            "gender": 0,
            "unionid": customer.unionid,
        },
        "follow_info": {
            "userid": userid,
            "remark": customer.name,
            "description": "",
            "createtime": int(customer.followers[userid].timestamp()),
            "tag_id": [tag_id(name) for name in customer.tags.get(userid, ())],
            "add_way": 1,
        },
    }


def corp_tags(office: Office, body: Body, at: datetime) -> Answer:
    """get_corp_tag_list: the corporation's tags by group, all or some; groups outdo single tags."""
    del office, at
    groups, tags = fields.texts(body, "group_id", 1000), fields.texts(body, "tag_id", 1000)
    shown = []
    for group, names in TAGS.items():
        if groups and tag_id(group) not in groups:
            continue
        single = bool(tags) and not groups
        chosen = [name for name in names if not single or tag_id(name) in tags]
        if chosen:
            shown.append(_tag_group(group, chosen))
    return {"tag_group": shown}


def _tag_group(group: str, names: list[str]) -> Answer:
    shared = {"create_time": _TAGS_SINCE, "order": 1, "deleted": False}
    tags = [{"id": tag_id(name), "name": name, **shared} for name in names]
    return {"group_id": tag_id(group), "group_name": group, **shared, "tag": tags}


def create_task(office: Office, body: Body, at: datetime) -> Answer:
    """add_msg_template: create a mass-send task."""
    task, failed = office.desk.create(read_draft(body), at)
    return {"fail_list": failed, "msgid": task.msgid}


def list_tasks(office: Office, body: Body, at: datetime) -> Answer:
    """get_groupmsg_list_v2: what was created in a span, by whom only where an employee did."""
    del at
    chat_type = fields.text(body, "chat_type", 16, "chat_type", required=True)
    start, end = fields.integer(body, "start_time"), fields.integer(body, "end_time")
    if chat_type not in {"single", "group"}:
        raise fields.invalid("chat_type")
    if not 0 <= end - start <= _LONGEST_SPAN:
        raise fields.invalid("end_time", "exceed one month after start_time")
    found = [
        _listed(task)
        for task in office.desk.tasks.values()
        if chat_type == "single"
        and _is_asked_for(task, body)
        and start <= int(task.created_at.timestamp()) <= end
    ]
    page, cursor = fields.cut(found, body, fields.limit(body, 50, 50, most=100))
    return {"next_cursor": cursor, "group_msg_list": page}


def _is_asked_for(task: Task, body: Body) -> bool:
    wanted = body.get("filter_type", _ALL)
    creator = body.get("creator")
    return wanted in (_ALL, _kind(task)) and creator in (None, "", task.creator)


def _kind(task: Task) -> int:
    return _CORP if task.creator is None else _PERSONAL


def _listed(task: Task) -> Answer:
    return {
        "msgid": task.msgid,
        **({"creator": task.creator} if task.creator else {}),
        "create_time": str(int(task.created_at.timestamp())),
        "create_type": _kind(task),
        "text": {"content": task.draft.text},
        "attachments": list(task.draft.attachments),
    }


def task_status(office: Office, body: Body, at: datetime) -> Answer:
    """get_groupmsg_task: which employees have confirmed."""
    task = _settled_task(office, body, at)
    rows = [_share_row(share) for share in task.shares]
    page, cursor = fields.cut(rows, body, fields.limit(body, 500, 500, most=1000))
    return {"next_cursor": cursor, "task_list": page}


def _share_row(share: Share) -> Answer:
    if share.confirmed_at is None:
        return {"userid": share.userid, "status": 0}
    return {"userid": share.userid, "status": 2, "send_time": int(share.confirmed_at.timestamp())}


def send_result(office: Office, body: Body, at: datetime) -> Answer:
    """get_groupmsg_send_result: what became of each recipient of one employee."""
    task = _settled_task(office, body, at)
    userid = fields.text(body, "userid", 64, "userid", required=True)
    _check_user(userid)
    mine = (share for share in task.shares if share.userid == userid)
    rows = [_result_row(share, customer) for share in mine for customer in share.customers]
    page, cursor = fields.cut(rows, body, fields.limit(body, 500, 500, most=1000))
    return {"next_cursor": cursor, "send_list": page}


def _result_row(share: Share, customer: Customer) -> Answer:
    status = share.rows.get(customer.external_userid, Status.UNSENT)
    row: Answer = {
        "external_userid": customer.external_userid,
        "userid": share.userid,
        "status": int(status),
    }
    if status is Status.SENT and share.confirmed_at is not None:
        row["send_time"] = int(share.confirmed_at.timestamp())
    return row


def cancel_task(office: Office, body: Body, at: datetime) -> Answer:
    """cancel_groupmsg_send: stop what is not sent yet; nothing is recalled."""
    del at
    _task(office, body).cancelled = True
    return {}


def _task(office: Office, body: Body) -> Task:
    msgid = fields.text(body, "msgid", 128, "msgid")
    if not msgid:
        raise WecomError(41046, "missing msgid")
    if msgid not in office.desk.tasks:
        raise WecomError(41047, "invalid msgid")
    return office.desk.tasks[msgid]


def _settled_task(office: Office, body: Body, at: datetime) -> Task:
    task = _task(office, body)
    if at - task.created_at < _SETTLING:
        raise WecomError(41063, "group msg is being dispatched")
    return task


def _check_user(userid: str) -> None:
    if userid not in EMPLOYEES:
        raise WecomError(60111, f"userid not found, {userid}")
