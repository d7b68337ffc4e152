"""The app, served on a free port while a test lasts."""

import contextlib
import socket
import time


@contextlib.contextmanager
def served(settings=None, **named):
    """The address of a server on a free port, started as `serve` is told by `named`."""
    from datapolis.app.server import serve
    from datapolis.app.state import Settings

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = serve(settings or Settings(), port=port, threaded=True, **named)
    for _ in range(400):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.stop()
