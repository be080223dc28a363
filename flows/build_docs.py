"""Off the hot path: the data contract's verdicts as a folder of pages to read."""

from prefect import flow

from tasks.data_docs import build_data_docs


@flow(name="build-data-docs")
def build_docs() -> str:
    """
    Write the documents of the newest windows anew and return the path of their index.

    It reads what pulls left behind and changes nothing of it; two at once write the same.
    """
    return build_data_docs()
