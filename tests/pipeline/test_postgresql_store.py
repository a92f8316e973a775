"""Texts that MLMD's own PostgreSQL source takes for a syntax error."""

import pytest
from ml_metadata.proto import metadata_store_pb2

from components.errors import UserError
from pipeline.metadata_login import Login
from pipeline.metadata_store import connection_config, open_store, persistently
from pipeline.metadata_url import parse_metadata_url
from tests.postgresql import run_postgresql

TEXTS = {
    "json_in_json": '{"model": "{\\"alpha\\": 0.35}"}',
    "umlaut": '{"label": "K\\u00e4fer"}',
    "quotes": "it's \"so\" \\ and 'E'\\\\",
    "plain": "nothing of it",
    "statement": "\\'; DROP TABLE artifact; --",
    "stand_in": "\ue05c0 and \ue05c1 and \ue05c\\ and \ue05c",
}


def test_every_text_comes_back_as_it_was() -> None:
    with run_postgresql() as server:
        url = parse_metadata_url(server.url("metadata"))
        store = open_store(connection_config(url, Login(server.user, server.password)))
        artifact_type = metadata_store_pb2.ArtifactType(name="Texts")
        artifact_type.properties["umlaut"] = metadata_store_pb2.STRING
        type_id = store.put_artifact_type(artifact_type)
        artifact = metadata_store_pb2.Artifact(type_id=type_id, uri="/a\\b", name="back\\slash")
        artifact.properties["umlaut"].string_value = TEXTS["umlaut"]
        for name, text in TEXTS.items():
            artifact.custom_properties[name].string_value = text
        [artifact_id] = store.put_artifacts([artifact])
        [found] = store.get_artifacts_by_id([artifact_id])
        by_name = store.get_artifact_by_type_and_name("Texts", "back\\slash")
        too_long = metadata_store_pb2.Artifact(type_id=type_id, name="n" * 300)
        with pytest.raises(UserError, match=r"this length: value too long for type .*\(255\)"):
            persistently(lambda: store.put_artifacts([too_long]))
    assert found.id == by_name.id
    assert (found.uri, found.name) == ("/a\\b", "back\\slash")
    assert found.properties["umlaut"].string_value == TEXTS["umlaut"]
    assert {key: value.string_value for key, value in found.custom_properties.items()} == TEXTS
