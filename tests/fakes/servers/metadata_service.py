"""ML Metadata's gRPC service on this machine, as KFP deploys it."""

import contextlib
from collections.abc import Iterator
from concurrent import futures

import grpc  # type: ignore[import-untyped]
from ml_metadata.metadata_store.pywrap.metadata_store_extension import (
    metadata_store as native,
)
from ml_metadata.proto import metadata_store_pb2

from tests.fakes.servers.certificate import Certificate


@contextlib.contextmanager
def run_metadata_service(
    database: metadata_store_pb2.ConnectionConfig, certificate: Certificate | None = None
) -> Iterator[int]:
    """Starts the service, and stops it.

    Args:
        database: Its database.
        certificate: Its certificate, for TLS.

    Yields:
        Its port on this machine.
    """
    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((_Service(database),))
    if certificate:
        pair = (certificate.key.read_bytes(), certificate.file.read_bytes())
        port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None)


class _Service(grpc.GenericRpcHandler):
    """Calls MLMD's library for each method."""

    def __init__(self, database: metadata_store_pb2.ConnectionConfig) -> None:
        options = metadata_store_pb2.MigrationOptions()
        self._store = native.CreateMetadataStore(
            database.SerializeToString(), options.SerializeToString()
        )

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        method = getattr(native, details.method.rpartition("/")[2])

        def call(request: bytes, context: grpc.ServicerContext) -> bytes:
            answer, message, code = method(self._store, request)
            if code:
                status = next(one for one in grpc.StatusCode if one.value[0] == code)
                context.abort(status, message.decode())
            return answer

        return grpc.unary_unary_rpc_method_handler(call)
