function level2(x) {
  return x.name.length;
}
class Svc { run(v) { return level2(v); } static go() { return new Svc().run(undefined); } }
Svc.go();
