"""Generators and async functions: bodies that stop at `yield` and `await`, and are driven on from there.

A body is a generator of Python. What it hands over is either meant for its driver here (`Yielded`, `Await`), or for the
machine (calls, steps), to which it is passed on. Source: ECMA-262, chapters 27.3 to 27.7.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from sim.programs.node.promises import new_promise, promise_of, reject, resolve, then
from sim.programs.node.values import Await, JSFunction, JSObject, Leave, Running, Thrown, Yielded

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]
Body = Generator[Any, Any, Any]


# -- async functions


def start_async(realm: Realm, function: JSFunction, code: Callable[..., Body]) -> Callable[..., Any]:
    def run(this: Any, *args: Any) -> Any:
        return _begin(realm, code(this, *args))

    return run


def _begin(realm: Realm, body: Body) -> Steps:
    promise = new_promise(realm)
    yield _drive(realm, body, promise, None, None)
    return promise


def _drive(realm: Realm, body: Body, promise: JSObject, value: Any, error: BaseException | None) -> Steps:
    """Run a body on to its next `await`, or its end."""
    while True:
        try:
            got = body.throw(error) if error is not None else body.send(value)
        except StopIteration as end:
            resolve(realm, promise, end.value)
            return None
        except Exception as failure:
            reject(realm, promise, realm.caught(failure))
            return None
        if type(got) is Await:
            break
        value, error = None, None
        try:
            value = yield got
        except Exception as failure:
            error = failure
    waited = promise_of(realm, got.value)
    then(realm, waited, lambda found: _drive(realm, body, promise, found, None),
         lambda reason: _drive(realm, body, promise, None, Thrown(reason)))  # fmt: skip
    return None


# -- generators


class GeneratorState:
    """`body` None: it is at its end."""

    __slots__ = ("body", "running", "started")

    def __init__(self, body: Body) -> None:
        self.body: Body | None = body
        self.running = self.started = False


def start_generator(realm: Realm, function: JSFunction, code: Callable[..., Body]) -> Callable[..., Any]:
    def make(this: Any, *args: Any) -> Any:
        from sim.programs.node.calling import prototype_for

        proto = prototype_for(realm, function, realm.generator_prototype)
        return JSObject(proto, None, "Generator", GeneratorState(code(this, *args)))

    return make


def resumed(realm: Realm, state: GeneratorState, value: Any, error: BaseException | None) -> Steps:
    """Run a generator to its next `yield`: (done, value)."""
    if state.running:
        raise realm.error("TypeError", "Generator is already running")
    if state.body is None or (error is not None and not state.started):
        state.body = None
        return _ended(value, error)
    state.running, body = True, state.body
    value = value if state.started else None
    state.started = True
    try:
        while True:
            got = body.throw(error) if error is not None else body.send(value)
            if type(got) is Yielded:
                return False, got.value
            value, error = None, None
            try:
                value = yield got
            except Exception as failure:
                error = failure
    except StopIteration as end:
        state.body = None
        return True, end.value
    except Leave as leave:
        state.body = None
        return True, leave.value
    except BaseException:
        state.body = None
        raise
    finally:
        state.running = False


def _ended(value: Any, error: BaseException | None) -> tuple[bool, Any]:
    if isinstance(error, Leave):
        return True, error.value
    if error is not None:
        raise error
    return True, None


def generator_next(realm: Realm, this: Any, value: Any = None) -> Steps:
    done, found = yield from resumed(realm, _state(realm, this, "next"), value, None)
    return result(realm, found, done)


def generator_return(realm: Realm, this: Any, value: Any = None) -> Steps:
    done, found = yield from resumed(realm, _state(realm, this, "return"), None, Leave(value))
    return result(realm, found, done)


def generator_throw(realm: Realm, this: Any, error: Any = None) -> Steps:
    done, found = yield from resumed(realm, _state(realm, this, "throw"), None, Thrown(error))
    return result(realm, found, done)


def _state(realm: Realm, this: Any, name: str) -> GeneratorState:
    if not isinstance(this, JSObject) or not isinstance(this.data, GeneratorState):
        raise realm.error("TypeError", f"{name} method called on incompatible receiver {this}")
    return this.data


def result(realm: Realm, value: Any, done: bool) -> JSObject:
    """{ value, done }"""
    return JSObject(realm.object_prototype, {"value": value, "done": done})


def delegate(realm: Realm, source: Any) -> Steps:
    """yield*: the body that asks is this generator's driver's, so that Yielded goes through."""
    from sim.programs.node.iterating import iterate
    from sim.programs.node.values import DONE

    walk = iterate(realm, source)
    if isinstance(source, JSObject) and isinstance(source.data, GeneratorState):
        state, value, error = source.data, None, None
        while True:
            done, found = yield from resumed(realm, state, value, error)
            if done:
                return found
            value, error = None, None
            try:
                value = yield Yielded(found)
            except (Leave, Exception) as failure:
                error = failure
    while True:
        one = walk.step()
        if type(one) is Running:
            one = yield one
        if one is DONE:
            return None
        yield Yielded(one)


def delegate_async(realm: Realm, source: Any) -> Steps:
    """yield* in an async generator."""
    from sim.programs.node.iterating import iterate_async
    from sim.programs.node.values import DONE

    walk = iterate_async(realm, source)
    while True:
        one = walk.step()
        if type(one) is Running:
            one = yield one
        if one is DONE:
            return None
        found = walk.opened((yield Await(one)))
        if found is DONE:
            return None
        yield Yielded(found)


# -- async generators


class AsyncState:
    """`waiting`: calls of next() and its like that have not been answered: (value, error, promise)."""

    __slots__ = ("body", "busy", "waiting")

    def __init__(self, body: Body) -> None:
        self.body: Body | None = body
        self.busy = False
        self.waiting: list[tuple[Any, BaseException | None, JSObject]] = []


def start_async_generator(realm: Realm, function: JSFunction, code: Callable[..., Body]) -> Callable[..., Any]:
    def make(this: Any, *args: Any) -> Any:
        from sim.programs.node.calling import prototype_for

        proto = prototype_for(realm, function, realm.async_generator_prototype)
        return JSObject(proto, None, "AsyncGenerator", AsyncState(code(this, *args)))

    return make


def _asked(realm: Realm, this: JSObject, value: Any, error: BaseException | None) -> Steps:
    state, promise = this.data, new_promise(realm)
    state.waiting.append((value, error, promise))
    if not state.busy:
        yield _answer(realm, state)
    return promise


def _answer(realm: Realm, state: AsyncState) -> Steps:
    """Serve the calls that wait, until the body awaits something."""
    while state.waiting and not state.busy:
        value, error, promise = state.waiting[0]
        if state.body is None:
            state.waiting.pop(0)
            if isinstance(error, Thrown):
                reject(realm, promise, error.value)
            else:
                resolve(realm, promise, result(realm, getattr(error, "value", None), True))
            continue
        yield _on(realm, state, value, error)
    return None


def _on(realm: Realm, state: AsyncState, value: Any, error: BaseException | None) -> Steps:
    """Run the body on to its next `yield` or `await`."""
    body = state.body
    assert body is not None
    state.busy = True
    started = body.gi_frame is not None and body.gi_frame.f_lasti > 0  # type: ignore[attr-defined]
    if error is not None and not started:
        state.body, state.busy = None, False
        return (yield _answer(realm, state))
    value = value if started else None
    try:
        while True:
            got = body.throw(error) if error is not None else body.send(value)
            if type(got) in (Await, Yielded):
                break
            value, error = None, None
            try:
                value = yield got
            except Exception as failure:
                error = failure
    except StopIteration as end:
        _settle(realm, state, end.value, True)
        return None
    except Leave as leave:
        _settle(realm, state, leave.value, True)
        return None
    except Exception as failure:
        state.body, state.busy = None, False
        reject(realm, state.waiting.pop(0)[2], realm.caught(failure))
        return None
    if type(got) is Yielded:
        state.busy = False
        resolve(realm, state.waiting.pop(0)[2], result(realm, got.value, False))
        return None
    then(realm, promise_of(realm, got.value), lambda found: _further(realm, state, found, None),
         lambda reason: _further(realm, state, None, Thrown(reason)))  # fmt: skip
    return None


def _further(realm: Realm, state: AsyncState, value: Any, error: BaseException | None) -> Steps:
    yield _on(realm, state, value, error)
    if not state.busy:
        yield _answer(realm, state)


def _settle(realm: Realm, state: AsyncState, value: Any, done: bool) -> None:
    state.body, state.busy = None, False
    resolve(realm, state.waiting.pop(0)[2], result(realm, value, done))


def async_next(realm: Realm, this: Any, value: Any = None) -> Any:
    return _asked(realm, this, value, None)


def async_return(realm: Realm, this: Any, value: Any = None) -> Any:
    return _asked(realm, this, None, Leave(value))


def async_throw(realm: Realm, this: Any, error: Any = None) -> Any:
    return _asked(realm, this, None, Thrown(error))
