// body-parser: express's own readers of bodies.
'use strict';
const express = require('express');
module.exports = Object.assign((options) => express.json(options), {
  json: express.json, urlencoded: express.urlencoded, text: express.text, raw: express.raw,
});
