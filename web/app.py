"""What others may call us by, as one FastAPI application."""

from collections.abc import Callable, Mapping, Sequence

from fastapi import FastAPI, HTTPException

from web.events import Keep, event_routes


def create_app(
    doors: Mapping[str, Sequence[str]], keep: Keep, can_keep: Callable[[], bool]
) -> FastAPI:
    """
    Return the application: /events/NAME for each source in `doors`, and /health.

    `doors` names the secrets that sign a source's events.
    """
    app = FastAPI(title="runwu", openapi_url=None)
    app.include_router(event_routes(doors, keep))

    @app.get("/health")
    def health() -> dict[str, bool]:
        if not can_keep():
            raise HTTPException(503, "the database does not answer")
        return {"ok": True}

    return app
