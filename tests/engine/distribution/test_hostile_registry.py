"""A registry that answers anything at all: pull, push, login and search end with an error that can be shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.daemon.commit import new_image
from engine.distribution.auth import Credentials
from engine.distribution.transport import Reply, Unreachable
from engine.errors import EngineError
from engine.image.digest import Digest
from engine.image.manifest import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from engine.image.reference import Reference

DIGEST = Digest.of(b"")
LOCATIONS = ("", "/", "//", "http://[", "https://elsewhere.test/x", "x" * 300, "/v2/app/blobs/uploads/1?a=b", "é")
CHALLENGES = (
    "", "Bearer", 'Bearer realm="https://auth.test/token",service="s"', "Bearer realm=", 'Bearer realm="nonsense"',
    'Basic realm="x"', 'Bearer realm="https://auth.test/t",error="invalid_token"', '"', "Bearer ,,,", "Digest a=b",
)  # fmt: skip
DOCUMENTS = (
    b"", b"{}", b"[]", b"null", b"1", b'"x"', b"[" * 5000, b"\xff\xfe", b'{"token":1}',
    b'{"token":"t","expires_in":"x"}',
    b'{"errors":[]}', b'{"errors":[{}]}', b'{"errors":[{"code":5,"message":{}}]}', b'{"errors":5}', b'{"details":5}',
    b'{"tags":5}', b'{"tags":[5,null]}', b'{"tags":["a","../b"]}', b'{"results":5}', b'{"results":[{}]}', b"x" * 70_000,
    json.dumps({"schemaVersion": 2, "config": {"digest": DIGEST, "size": 0}, "layers": []}).encode(),
    json.dumps({"schemaVersion": 2, "config": {"digest": DIGEST}, "layers": [{"digest": DIGEST}] * 2000}).encode(),
    json.dumps({"schemaVersion": 2, "manifests": [{"digest": DIGEST, "platform": 5}]}).encode(),
    json.dumps({"schemaVersion": 2, "manifests": [{"digest": DIGEST, "platform": {"os": 1, "variant": []}}]}).encode(),
)  # fmt: skip

REPLIES = st.builds(
    dict,
    status=st.sampled_from([200, 201, 202, 204, 206, 301, 307, 400, 401, 403, 404, 405, 416, 429, 500, 503, 599, 299]),
    body=st.sampled_from(DOCUMENTS) | st.binary(max_size=200),
    broken=st.sampled_from([False] * 6 + [True]),
    headers=st.fixed_dictionaries(
        {},
        optional={
            "location": st.sampled_from(LOCATIONS),
            "www-authenticate": st.sampled_from(CHALLENGES),
            "docker-content-digest": st.sampled_from([DIGEST, "x", "sha256:12", Digest.of(b"{}")]),
            "content-type": st.sampled_from([OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, "text/html", ";"]),
            "content-length": st.sampled_from(["0", "5", "-1", "x", "99999999999999999999"]),
            "range": st.sampled_from(["0-5", "0-", "x", "-", "0-99999999999999999999", "bytes=0-3"]),
            "link": st.sampled_from(["", "</v2/x>; rel=next", "<>; rel=next", "<http://[>; rel=next"]),
        },
    ),
)


class Anything:
    """A transport whose answers are given; the last of them goes on for ever."""

    def __init__(self, replies: list[dict[str, Any]]) -> None:
        self.replies, self.asked = replies, 0

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: Any = b"") -> Reply:
        reply = self.replies[min(self.asked, len(self.replies) - 1)]
        self.asked += 1
        if not isinstance(body, bytes):
            async for _ in body:
                pass
        if self.asked > 200:
            raise Unreachable("enough")
        return Reply(reply["status"], reply["headers"], _body(reply["body"], reply["broken"]))


async def _body(data: bytes, broken: bool) -> AsyncIterator[bytes]:
    yield data[: len(data) // 2]
    if broken:
        raise Unreachable("unexpected EOF")
    yield data[len(data) // 2 :]


def attempt(bench: Any, coro: Any) -> None:
    try:
        bench.loop.run(coro)
    except EngineError as error:
        assert error.message


async def drain(told: Any) -> None:
    async for _ in told:
        pass


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(REPLIES, min_size=1, max_size=9))
def test_no_answer_breaks_the_engine(new_bench: Any, tar: Any, replies: list[dict[str, Any]]) -> None:
    bench = new_bench()
    images = bench.images
    layer = bench.run(images.layers.register(None, [tar(file=b"x")]))
    image = bench.run(new_image(images, None, layer, {}, created_by="x"))
    bench.run(images.layers.release([layer.chain]))
    name = Reference.parse("reg.test/app:1")
    images.tag(image.id, name)
    ann = Credentials("ann", "pw", server="reg.test")
    for transport_of in (images._puller, images._pusher):
        transport_of._transport = Anything(replies)
    images.transport = Anything(replies)
    for coro in (
        drain(images.pull(Reference.parse("reg.test/other:1"))),
        drain(images.pull(Reference.parse("reg.test/other"), None, ann)),
        drain(images.pull(Reference.parse(f"reg.test/other@{DIGEST}"), None, ann)),
        drain(images.push(name, ann)),
        images.login(ann),
        images.search("x", 5),
        images.distribution(Reference.parse("reg.test/other:1")),
        images.manifests(Reference.parse("reg.test/other:1"), ann, True),
    ):
        attempt(bench, coro)
    assert not images.layers.busy and images._pusher._slots.free == 5
