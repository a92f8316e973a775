"""A night whose model the gate refuses has succeeded, and says why nothing was pushed."""

from pathlib import Path

import pytest

from tests.e2e.runs import write_images
from tests.fakes.kubeflow.kfp_player import Player
from tests.fakes.kubeflow.nights import CONFIG, compile_config, open_cluster, swap_labels
from tests.fakes.servers.postgresql import run_postgresql

pytestmark = pytest.mark.long(19)


# A whole run, of eleven processes that import TFX.
@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_refused_model_succeeds_with_its_reason(tmp_path: Path) -> None:
    write_images(tmp_path / "images" / "span-1", count=40)
    swap_labels(tmp_path / "images" / "span-1", count=9)
    with run_postgresql() as server:
        config = tmp_path / "config.yaml"
        config.write_text(CONFIG.format(folder=tmp_path, metadata=server.url("mlmd")))
        player = Player(compile_config(config), open_cluster(tmp_path, server))
        night = player.run(min_accuracy="1.0")
    assert night.state == "SUCCEEDED", night.logs
    tasks = night.tasks
    assert tasks["evaluator"].metadata["metrics"]["blessed"] == 0
    assert tasks["pusher"].metadata["metrics"]["pushed"] == 0
    for name in ("evaluator", "pusher"):
        assert "below gate.min_accuracy 1" in tasks[name].artifacts["html"].read_text()
    assert not list((tmp_path / "root" / "serving").rglob("saved_model.pb"))
