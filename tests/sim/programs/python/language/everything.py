def r(n):
    return r(n + 1)
class A:
    def __len__(self): return 3
    def __getitem__(self, i):
        if i > 2: raise IndexError(i)
        return i * 2
    def __iter__(self):
        for i in range(2): yield i
    def __enter__(self): print("enter"); return self
    def __exit__(self, *a): print("exit", a[0]); return True
    def __eq__(self, o): return True
    def __hash__(self): return 1
    def __add__(self, o): return "added"
    def __str__(self): return "A!"
a = A()
print(len(a), a[1], list(a), a == 4, a + 1, str(a), f"{a}", [a] == [3], {a: 1}[a])
with a:
    raise ValueError("x")
def timed(f):
    import functools
    @functools.wraps(f)
    def w(*args, **kw):
        print("before", f.__name__)
        return f(*args, **kw)
    return w
@timed
def add(a, /, b=2, *c, d=4, **e):
    "doc"
    return a, b, c, d, e
print(add(1), add(1, 2, 3, d=5, z=6), add.__name__)
from functools import lru_cache, reduce


@lru_cache(None)
def f(n): return 1 if n < 2 else n * f(n-1)
print(f(20), reduce(lambda a, b: a + b, [1,2,3]))
import re

print(re.sub(r"\d", lambda m: str(int(m.group()) * 2), "a1b2"))
it = iter([1, 2])
while True:
    try: print(next(it))
    except StopIteration: break
else: pass
for i in range(3):
    if i == 5: break
else: print("else")
x = 5
def g():
    global x
    x += 1
g(); print(x)
print({k: v for k, v in zip("ab", [1, 2])}, {i % 2 for i in range(5)}, (lambda *a, **k: (a, k))(1, b=2))
try:
    try: raise KeyError("k")
    except KeyError: int("z")
except ValueError as e: print("ctx", type(e.__context__).__name__)
print(all(i > 0 for i in [1, 2]), any([]), max([1, 3, 2], key=lambda v: -v), "-".join(str(i) for i in range(3)))
print(isinstance(3, int), int, type(a).__name__, str is str, str(type(a)))
class E1(Exception):
    def __init__(self, code): super().__init__(f"code {code}"); self.code = code
try: raise E1(5)
except E1 as e: print(e, e.code, repr(e))
a, (b, c) = 1, (2, 3); print(a, b, c)
lst = [3, 1, 2]; lst.sort(key=lambda v: v); del lst[0]; print(lst, lst[::-1], lst[-1:])
print(*[1, 2], sep=",", end="!\n"); print("%05.2f|%-5s|%s" % (3.14159, "ab", None))
s = "héllo"; print(s.encode(), s[1:3], s.upper().center(11, "*"))
assert 1 == 1
