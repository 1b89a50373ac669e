"""Promises and their jobs. Source: ECMA-262, chapter 27.2."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import value_of
from sim.programs.node.values import JSFunction, JSObject, Running, Thrown

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]
Reaction = Callable[[Any], Any]


class Promise:
    """What a promise knows: `state` is pending, fulfilled or rejected."""

    __slots__ = ("handled", "reactions", "state", "value")

    def __init__(self) -> None:
        self.state, self.value, self.handled = "pending", None, False
        self.reactions: list[tuple[Reaction, Reaction]] = []


def new_promise(realm: Realm, proto: JSObject | None = None) -> JSObject:
    return JSObject(proto or realm.promise_prototype, None, "Promise", Promise())


def promise_of(realm: Realm, value: Any) -> JSObject:
    """The promise that a value is, or one of it."""
    if isinstance(value, JSObject) and type(value.data) is Promise:
        return value
    promise = new_promise(realm)
    resolve(realm, promise, value)
    return promise


def resolve(realm: Realm, promise: JSObject, value: Any) -> None:
    """With a value, or with what another promise (or anything with a `then`) will be."""
    state: Promise = promise.data
    if state.state != "pending":
        return
    if value is promise:
        reject(realm, promise, realm.new_error("TypeError", "Chaining cycle detected for promise #<Promise>"))
        return
    if isinstance(value, JSObject):
        try:
            function = value_of(realm, value, "then")
        except Thrown as thrown:
            reject(realm, promise, thrown.value)
            return
        if isinstance(function, JSFunction):
            realm.jobs.append(lambda: _follow(realm, promise, value, function))
            return
    _settle(realm, state, "fulfilled", value)


def _follow(realm: Realm, promise: JSObject, value: JSObject, function: JSFunction) -> Any:
    if type(value.data) is Promise and function is realm.promise_then:
        then(realm, value, lambda found: _settle(realm, promise.data, "fulfilled", found),
             lambda reason: reject(realm, promise, reason))  # fmt: skip
        return None
    return _follow_other(realm, promise, value, function)


def _follow_other(realm: Realm, promise: JSObject, value: JSObject, function: JSFunction) -> Steps:
    fulfil, refuse = resolvers(realm, promise)
    try:
        yield realm.start(function, value, fulfil, refuse)
    except Thrown as thrown:
        realm.run(refuse, None, thrown.value)


def resolvers(realm: Realm, promise: JSObject) -> tuple[JSFunction, JSFunction]:
    """The two functions that an executor gets; only the first call of one counts."""
    done: list[bool] = []

    def once(settle: Callable[[Any, Any, Any], None]) -> Callable[..., None]:
        def code(this: Any, value: Any = None, *_: Any) -> None:
            if not done:
                done.append(True)
                settle(realm, promise, value)

        return code

    return realm.native(once(resolve), "", 1), realm.native(once(reject), "", 1)


def reject(realm: Realm, promise: JSObject, reason: Any) -> None:
    state: Promise = promise.data
    if state.state == "pending":
        if not state.handled:
            realm.unhandled[id(promise)] = promise
        _settle(realm, state, "rejected", reason)


def _settle(realm: Realm, state: Promise, how: str, value: Any) -> None:
    if state.state != "pending":
        return
    state.state, state.value = how, value
    reactions, state.reactions = state.reactions, []
    for pair in reactions:
        _later(realm, pair[how == "rejected"], value)


def _later(realm: Realm, reaction: Reaction, value: Any) -> None:
    realm.jobs.append(lambda: reaction(value))


def then(realm: Realm, promise: JSObject, fulfilled: Reaction, rejected: Reaction) -> None:
    """Call one of two functions of ours, as a job; what they give runs as part of it."""
    state: Promise = promise.data
    state.handled = True
    realm.unhandled.pop(id(promise), None)
    if state.state == "pending":
        state.reactions.append((fulfilled, rejected))
    else:
        _later(realm, rejected if state.state == "rejected" else fulfilled, state.value)


def then_for(realm: Realm, promise: JSObject, fulfilled: Any, rejected: Any) -> JSObject:
    """promise.then(fulfilled, rejected) with functions of the program."""
    following = new_promise(realm)

    def reaction(function: Any, otherwise: Callable[[Realm, JSObject, Any], None]) -> Reaction:
        def react(value: Any) -> Any:
            if not isinstance(function, JSFunction):
                return otherwise(realm, following, value)
            return _react(realm, function, following, value)

        return react

    then(realm, promise, reaction(fulfilled, resolve), reaction(rejected, reject))
    return following


def _react(realm: Realm, function: JSFunction, following: JSObject, value: Any) -> Steps:
    try:
        found = realm.start(function, None, value)
        if type(found) is Running:
            found = yield found
    except Exception as failure:
        reject(realm, following, realm.caught(failure))
        return
    resolve(realm, following, found)
