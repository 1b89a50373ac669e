Promise.reject('nope');
