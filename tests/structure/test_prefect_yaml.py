"""prefect.yaml says what there is, and nothing that Prefect would silently ignore."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from prefect.flows import load_flow_from_entrypoint

from cli.deployments import FILE, Deployment, read_deployments
from schemas.errors import ConfigurationError
from tests.structure.repository import ROOT


def _undeployed(folder: Path, deployments: Sequence[Deployment]) -> set[str]:
    deployed = {one.entrypoint.rsplit(".", 1)[0] for one in deployments}
    there = {f"{folder.name}.{path.stem}" for path in folder.glob("*.py")}
    return there - deployed - {f"{folder.name}.__init__"}


@pytest.mark.parametrize("deployment", read_deployments(), ids=lambda one: one.name)
def test_an_entrypoint_loads_the_flow_of_its_deployments_name(deployment: Deployment) -> None:
    assert load_flow_from_entrypoint(deployment.entrypoint).name == deployment.name


def test_every_flow_module_has_a_deployment() -> None:
    assert _undeployed(ROOT / "flows", read_deployments()) == set()


def test_a_flow_module_without_a_deployment_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "learn_weekly.py").touch()
    assert _undeployed(tmp_path / "flows", read_deployments()) == {"flows.learn_weekly"}


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("    description:", "    schedulez: daily\n    description:", "deployments.0.schedulez"),
        ("name: runwu", "name: runwu\nprefect_version: 3", "prefect_version"),
        ("    entrypoint:", "    entrypiont:", "deployments.0.entrypoint"),
    ],
)
def test_a_misspelt_key_is_refused_by_name(
    tmp_path: Path, right: str, wrong: str, named: str
) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(FILE.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"^prefect\.yaml: {named}: [^\n]+$"):
        read_deployments(path)
