"""TFX's Pusher, with versions that appear whole or not at all."""

import shutil
from pathlib import Path
from typing import Any

from absl import logging
from tfx.components.pusher import executor as tfx_pusher
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import proto_utils

from components.errors import UserError
from components.push.versions import add_version, newest_version

IS_NEW_KEY = "is_new"


class Executor(tfx_pusher.Executor):
    """Pushes a blessed model to a folder.

    TFX's own executor copies file by file into the live version folder, where a crash leaves half
    a version for model servers to find.
    """

    def Do(
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes the model if it is blessed, and records where it went.

        Raises:
            UserError: The destination could not be written; what is in service has not changed.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.PUSHED_MODEL_KEY]
        )
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(
            exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination
        )
        folder = Path(destination.filesystem.base_directory)
        model = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_KEY])
        before = newest_version(folder)
        try:
            version = add_version(folder, Path(self.GetModelPath(input_dict)), model.uri)
        except OSError as error:
            raise UserError(
                f"the model could not be written to {folder}: {_reason(error)}",
                hint="Make room or make the folder writable, and run again; "
                "the version in service has not changed.",
            ) from error
        logging.info("Version %d is in service at %s.", version.number, version.path)
        self._MarkPushed(pushed, str(version.path), str(version.number))
        # A model that was blessed again is in service already.
        pushed.set_int_custom_property(IS_NEW_KEY, int(version != before))


def _reason(error: OSError) -> str:
    """What went wrong first; copying a folder collects an error for each file."""
    if isinstance(error, shutil.Error) and error.args:
        return str(error.args[0][0][2])
    return error.strerror or str(error)
