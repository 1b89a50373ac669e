"""Promise, generators' and iterators' prototypes. Source: ECMA-262, chapter 27."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from sim.programs.node.calling import prototype_for
from sim.programs.node.generators import (
    async_next,
    async_return,
    async_throw,
    generator_next,
    generator_return,
    generator_throw,
    result,
)  # fmt: skip
from sim.programs.node.iterating import listed
from sim.programs.node.promises import (
    Promise,
    new_promise,
    promise_of,
    reject,
    resolve,
    resolvers,
    then,
    then_for,
)  # fmt: skip
from sim.programs.node.values import (
    ASYNC_ITERATOR,
    DONE,
    ITERATOR,
    TO_STRING_TAG,
    JSFunction,
    JSObject,
    Property,
    Running,
    hidden,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]


def _make(realm: Realm, target: JSFunction, args: Any) -> Steps:
    executor = args[0] if args else None
    if not isinstance(executor, JSFunction):
        from sim.programs.node.inspecting import brief

        raise realm.error("TypeError", f"Promise resolver {brief(executor)} is not a function")
    promise = new_promise(realm, prototype_for(realm, target, realm.promise_prototype))
    fulfil, refuse = resolvers(realm, promise)
    try:
        yield realm.start(executor, None, fulfil, refuse)
    except Exception as failure:
        realm.run(refuse, None, realm.caught(failure))
    return promise


def _promise(realm: Realm, this: Any, method: str) -> JSObject:
    if not isinstance(this, JSObject) or type(this.data) is not Promise:
        from sim.programs.node.inspecting import brief

        raise realm.error(
            "TypeError", f"Method Promise.prototype.{method} called on incompatible receiver {brief(this)}"
        )
    return this


def _then(realm: Realm, this: Any, fulfilled: Any = None, rejected: Any = None) -> JSObject:
    return then_for(realm, _promise(realm, this, "then"), fulfilled, rejected)


def _catch(realm: Realm, this: Any, rejected: Any = None) -> Any:
    return realm.start(realm.value_of(this, "then"), this, None, rejected)


def _finally(realm: Realm, this: Any, function: Any = None) -> JSObject:
    following = new_promise(realm)

    def after(settle: Callable[[Realm, JSObject, Any], None]) -> Callable[[Any], Any]:
        def react(value: Any) -> Steps:
            try:
                found = yield realm.start(function, None)
            except Exception as failure:
                reject(realm, following, realm.caught(failure))
                return
            then(realm, promise_of(realm, found), lambda _: settle(realm, following, value),
                 lambda reason: reject(realm, following, reason))  # fmt: skip

        return react

    then(realm, _promise(realm, this, "finally"), after(resolve), after(reject))
    return following


# -- many at once


def _resolve(realm: Realm, this: Any, value: Any = None) -> JSObject:
    return promise_of(realm, value)


def _reject(realm: Realm, this: Any, reason: Any = None) -> JSObject:
    promise = new_promise(realm)
    reject(realm, promise, reason)
    return promise


def _many(realm: Realm, source: Any, each: Callable[[JSObject, int, JSObject, list[Any], list[int]], None],
          empty: Callable[[JSObject, list[Any]], None]) -> Steps:  # fmt: skip
    """A promise of several; `each` says what one of them does."""
    whole = new_promise(realm)
    every = listed(realm, source)
    every = (yield every) if type(every) is Running else every
    found: list[Any] = [None] * len(every)
    left = [len(every)]
    if not every:
        empty(whole, found)
    for index, one in enumerate(every):
        each(whole, index, promise_of(realm, one), found, left)
    return whole


def _counted(realm: Realm, whole: JSObject, found: list[Any], left: list[int], index: int, value: Any) -> None:
    found[index] = value
    left[0] -= 1
    if not left[0]:
        resolve(realm, whole, realm.array(found))


def _all(realm: Realm, this: Any, source: Any = None) -> Steps:
    def each(whole: JSObject, index: int, one: JSObject, found: list[Any], left: list[int]) -> None:
        then(realm, one, lambda value: _counted(realm, whole, found, left, index, value),
             lambda reason: reject(realm, whole, reason))  # fmt: skip

    return _many(realm, source, each, lambda whole, found: resolve(realm, whole, realm.array(found)))


def _all_settled(realm: Realm, this: Any, source: Any = None) -> Steps:
    def each(whole: JSObject, index: int, one: JSObject, found: list[Any], left: list[int]) -> None:
        def done(value: Any) -> None:
            _counted(realm, whole, found, left, index, realm.object({"status": "fulfilled", "value": value}))

        def failed(reason: Any) -> None:
            _counted(realm, whole, found, left, index, realm.object({"status": "rejected", "reason": reason}))

        then(realm, one, done, failed)

    return _many(realm, source, each, lambda whole, found: resolve(realm, whole, realm.array(found)))


def _race(realm: Realm, this: Any, source: Any = None) -> Steps:
    def each(whole: JSObject, index: int, one: JSObject, found: list[Any], left: list[int]) -> None:
        then(realm, one, lambda value: resolve(realm, whole, value), lambda reason: reject(realm, whole, reason))

    return _many(realm, source, each, lambda whole, found: None)


def _any(realm: Realm, this: Any, source: Any = None) -> Steps:
    def give_up(whole: JSObject, found: list[Any]) -> None:
        error = realm.new_error("AggregateError", "All promises were rejected")
        error.props["errors"] = hidden(realm.array(found))
        reject(realm, whole, error)

    def each(whole: JSObject, index: int, one: JSObject, found: list[Any], left: list[int]) -> None:
        def failed(reason: Any) -> None:
            found[index] = reason
            left[0] -= 1
            if not left[0]:
                give_up(whole, found)

        then(realm, one, lambda value: resolve(realm, whole, value), failed)

    return _many(realm, source, each, give_up)


def _with_resolvers(realm: Realm, this: Any) -> JSObject:
    promise = new_promise(realm)
    fulfil, refuse = resolvers(realm, promise)
    return realm.object({"promise": promise, "resolve": fulfil, "reject": refuse})


# -- iterators


def _next(realm: Realm, this: Any) -> JSObject:
    found = next(this.data, DONE)
    return result(realm, None if found is DONE else found, found is DONE)


def install(realm: Realm) -> None:
    made = realm.constructor("Promise", realm.promise_prototype, None, _make, 1)
    realm.methods(made, {"resolve": _resolve, "reject": _reject, "all": _all, "allSettled": _all_settled, "race": _race,
                         "any": _any, "withResolvers": _with_resolvers})  # fmt: skip
    realm.methods(realm.promise_prototype, {"then": _then, "catch": _catch, "finally": _finally})
    realm.promise_then = realm.promise_prototype.props["then"].value
    realm.promise_prototype.props[TO_STRING_TAG] = Property("Promise", configurable=True)
    realm.methods(realm.iterator_prototype, {ITERATOR: lambda realm, this: this})
    realm.methods(realm.async_iterator_prototype, {ASYNC_ITERATOR: lambda realm, this: this})
    for kind, prototype in realm.iterator_prototypes.items():
        realm.methods(prototype, {"next": _next})
        prototype.props[TO_STRING_TAG] = Property(f"{kind} Iterator", configurable=True)
        realm.methods(prototype, {"toArray": lambda realm, this: realm.array(list(this.data))})
    realm.methods(realm.generator_prototype, {"next": generator_next, "return": generator_return,
                                              "throw": generator_throw})  # fmt: skip
    realm.generator_prototype.props[TO_STRING_TAG] = Property("Generator", configurable=True)
    realm.methods(realm.async_generator_prototype, {"next": async_next, "return": async_return, "throw": async_throw})
    realm.async_generator_prototype.props[TO_STRING_TAG] = Property("AsyncGenerator", configurable=True)
    for role, name in (("async", "AsyncFunction"), ("generator", "GeneratorFunction"),
                       ("async_generator", "AsyncGeneratorFunction")):  # fmt: skip
        kind_of = realm.native(lambda this, *_: None, name)
        realm.function_prototypes[role].props |= {"constructor": hidden(kind_of), TO_STRING_TAG: hidden(name)}
