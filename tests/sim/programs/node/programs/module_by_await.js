const found = await Promise.resolve(5);
console.log(found, typeof require, import.meta.url.slice(-6));
nothing();
