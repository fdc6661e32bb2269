"""The database looked at once: as it is, as it must not be, and behind a pooler."""

import os
import shutil
import socket
import subprocess
import time
from urllib.parse import urlsplit

import pytest

from support.servers.postgres import NOBODY
from vidi.errors import StorageError
from vidi.inference.tracking.fleet.server import look_at_server


def test_a_server_is_seen_as_it_is(postgres):
    import psycopg

    facts = look_at_server(postgres.replace("postgresql://", "postgresql+psycopg://"))
    assert facts.version[0].isdigit()
    assert (facts.synchronous_commit, facts.standbys, facts.pooled) == ("on", 0, False)
    assert abs(facts.ahead_s) < 2
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ALTER ROLE vidi SET synchronous_commit = off")
        assert look_at_server(postgres).synchronous_commit == "off"
        connection.execute("ALTER ROLE vidi RESET synchronous_commit")


def test_one_that_is_away_is_told_like_a_ledger():
    with pytest.raises(StorageError, match=r"the ledger 127\.0\.0\.1:9/x cannot be used"):
        look_at_server("postgresql://u:secret@127.0.0.1:9/x")


@pytest.mark.skipif(not shutil.which("pgbouncer"), reason="no pgbouncer: apt-get install pgbouncer")
@pytest.mark.parametrize(("mode", "pooled"), [("transaction", True), ("session", False)])
def test_a_pooler_is_found_by_what_it_does(postgres, tmp_path, mode, pooled):
    server = urlsplit(postgres)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    tmp_path.chmod(0o755)
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\npostgres = user=vidi host=127.0.0.1 port={server.port}\n"
        f"[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port={port}\nauth_type=any\n"
        f"pool_mode={mode}\nunix_socket_dir=\n"
    )
    root = ["setpriv", f"--reuid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*root, "pgbouncer", "-q", settings.name]
    pooler = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                facts = look_at_server(f"postgresql://vidi@127.0.0.1:{port}/postgres")
                break
            except StorageError:
                time.sleep(0.05)
        assert facts.pooled is pooled
    finally:
        pooler.kill()
        pooler.wait()
