class ValidationError extends Error { constructor(m, field) { super(m); this.name = 'ValidationError'; this.field = field; } }
const obj = { method() { throw new ValidationError('bad', 'age') } };
function outer() { [1].forEach(x => { try { obj.method() } catch (e) { console.log(e.name, e.stack.split('\n').slice(0,3).join('|').replaceAll(__filename, 'FILE')); console.log(e instanceof ValidationError, e instanceof Error, `${e}`) } }) }
outer();
async function a1() { await null; throw new TypeError('async boom') }
a1().catch(e => console.log(e.message));
new Promise((_, r) => r('reason')).catch(console.log);
console.log(new Error('plain', {cause: 'c'}).cause);
try { undefinedFunction() } catch (e) { console.log(`${e}`) }
try { const q = 1; q = 2 } catch (e) { console.log(`${e}`) }
try { console.log(tdz); let tdz = 1 } catch (e) { console.log(`${e}`) }
try { ({}).x.y.z } catch (e) { console.log(`${e}`) }
try { null.f() } catch (e) { console.log(`${e}`) }
try { let o = {}; o.go() } catch (e) { console.log(`${e}`) }
try { JSON.parse('{bad') } catch (e) { console.log(`${e}`) }
try { JSON.parse('') } catch (e) { console.log(`${e}`) }
try { [].reduce((a,b)=>a) } catch (e) { console.log(`${e}`) }
try { new Array(-1) } catch (e) { console.log(`${e}`) }
try { 'x'.repeat(-1) } catch (e) { console.log(`${e}`) }
try { (function f() { f() })() } catch (e) { console.log(`${e}`) }
try { class A { constructor() {} } A() } catch (e) { console.log(`${e}`) }
try { const [x] = null } catch (e) { console.log(`${e}`) }
try { const {x} = undefined } catch (e) { console.log(`${e}`) }
try { for (const x of 5) ; } catch (e) { console.log(`${e}`) }
try { [...undefined] } catch (e) { console.log(`${e}`) }
try { 1n + 1 } catch (e) { console.log(`${e}`) }
try { Symbol() + '' } catch (e) { console.log(`${e}`) }
try { 'use strict'; Object.freeze([1]).push(2) } catch (e) { console.log(`${e}`) }
try { new 5 } catch (e) { console.log(`${e}`) }
try { decodeURIComponent('%') } catch (e) { console.log(`${e}`) }
try { const c = {}; c.c = c; JSON.stringify(c) } catch (e) { console.log(`${e}`) }
try { require('./nothing') } catch (e) { console.log(e.code, e.message.split('\n')[0]) }
try { x = y + 1; let y } catch (e) { console.log(`${e}`) }
console.log(new ValidationError('shown', 'f').toString(), Object.keys(new ValidationError('a','b')));
const e2 = new Error('props'); e2.code = 'E_X'; console.log(Object.prototype.toString.call(e2), e2.message, {e: e2}.e === e2);
(() => { 'use strict'; try { undeclared = 1 } catch (e) { console.log(`${e}`) } try { Object.freeze({a:1}).a = 2 } catch (e) { console.log(`${e}`) } try { delete Object.freeze({a:1}).a } catch (e) { console.log(`${e}`) } try { ({get a(){return 1}}).a = 2 } catch (e) { console.log(`${e}`) } })();
