"""Every 15 minutes: what changed at the sources comes in, if it keeps the contract."""

from datetime import datetime

from prefect import flow

from schemas.errors import ContractError, SourceError
from tasks.clocks import at_the_door, passed_by
from tasks.locks import single_flight
from tasks.pages import show_verdicts
from tasks.pull import bring_in, close_pull, open_pull
from tasks.verdict_tables import show_contract_tables


@flow(name="pull-data")
async def pull_data(as_of: datetime | None = None) -> dict[str, str]:
    """
    Pull every entity of every source up to `as_of` and return the books by source and entity.

    A source that fails leaves its own window open and does not keep the others from coming in;
    the flow then fails, naming all that went wrong.
    """
    books = {}
    troubles = []
    with single_flight("pull-data"):
        at = at_the_door(as_of)
        if at is None:
            return passed_by({})
        run = open_pull(at)
        for one in await bring_in(run):
            if isinstance(one, SourceError):
                troubles.append(str(one))
                continue
            books[one.name] = one.books
            if one.refused:
                troubles.append(f"{one.name}: {one.refused}")
        if not troubles:
            close_pull(run.id, at, books)
        await show_verdicts(run, troubles)
        await show_contract_tables(run)
    if troubles:
        raise ContractError("; ".join(troubles))
    return {name: str(equation) for name, equation in books.items()}
