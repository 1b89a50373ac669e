"""npm install, and what the packages of the simulated registry do."""

from __future__ import annotations

import pytest

from containers import Host

IMAGE = "node"


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


APP = """
const express = require('express');
const app = express();
app.use(require('morgan')(':method :url :status :res[content-length]'));
app.use(require('cors')());
app.use(express.json());
app.use('/static', express.static('public'));
app.get('/', (req, res) => res.send('Hello World!'));
app.get('/users/:id', (req, res) => res.json({ id: req.params.id, query: req.query }));
app.post('/items', (req, res) => res.status(201).json({ got: req.body }));
const router = express.Router();
router.get('/inner', (req, res) => res.send(`${req.baseUrl} ${req.originalUrl} ${req.path}`));
app.use('/api', (req, res, next) => { res.set('X-Passed', 'yes'); next(); }, router);
app.get('/file', (req, res) => res.sendFile(__dirname + '/public/page.html'));
app.get('/away', (req, res) => res.redirect('/'));
app.get('/fails', async () => { throw Object.assign(new Error('no tea'), { status: 418 }); });
app.use((error, req, res, next) => res.status(error.status).send(`caught: ${error.message}`));
app.listen(3000, () => console.log('Example app listening on port 3000'));
"""
ASKED = [  # curl's options, the path, what comes
    ("", "/", "Hello World!"),
    ("", "/users/5?a=b&a=c", '{"id":"5","query":{"a":["b","c"]}}'),
    ("", "/api/inner", "/api /api/inner /inner"),
    ("-H 'Content-Type: application/json' -d '{\"x\":[1]}'", "/items", '{"got":{"x":[1]}}'),
    ("", "/static/page.html", "<b>page</b>"),
    ("", "/file", "<b>page</b>"),
    ("-o /dev/null -w '%{http_code}'", "/away", "302"),
    ("", "/fails", "caught: no tea"),
    ("-o /dev/null -w '%{http_code}'", "/nothing", "404"),
    ("-o /dev/null -w '%{http_code}'", "/static/..%2fapp.js", "404"),
]


def test_an_express_application_routes_reads_and_serves(host: Host):
    curls = "\n".join(f"curl -s {options} 'localhost:3000{path}'; echo" for options, path, _ in ASKED)
    found = host.run(
        IMAGE,
        "mkdir -p /app/public; cd /app; echo '<b>page</b>' > public/page.html\n"
        f"cat > app.js << 'E'\n{APP}\nE\n"
        "npm init -y > /dev/null; npm install express morgan cors > /dev/null; node app.js > log &\n"
        f"sleep 30; {curls}\ncat log",
    )
    said = [line for line in found.out.splitlines() if line]
    assert said[: len(ASKED)] == [wanted for _, _, wanted in ASKED], found.err
    assert said[len(ASKED) : len(ASKED) + 3] == [
        "Example app listening on port 3000", "GET / 200 12", "GET /users/5?a=b&a=c 200 34"]  # fmt: skip


def test_a_hit_counter_with_redis_and_one_with_postgres(host: Host):
    host.call("POST", "/networks/create", {"Name": "shop"})
    for image, name, env in (("redis", "cache", []), ("postgres", "db", ["POSTGRES_PASSWORD=secret"])):
        host.call("POST", "/images/create", fromImage=image, tag="latest")
        body = {"Image": image, "Env": env, "HostConfig": {"NetworkMode": "shop"}}
        made = host.call("POST", "/containers/create", body, name=name)["Id"]
        host.call("POST", f"/containers/{made}/start")
    program = """
    const { createClient } = require('redis');
    const { Pool } = require('pg');
    (async () => {
      const client = await createClient({ url: 'redis://cache:6379' }).on('error', console.error).connect();
      for (let i = 0; i < 3; i++) console.log(await client.incr('hits'));
      await client.hSet('user:1', { name: 'Kim', age: 30 });
      console.log(await client.hGet('user:1', 'name'), await client.get('nothing'));
      await client.quit();
      const pool = new Pool({ host: 'db', user: 'postgres', password: 'secret' });
      await pool.query('CREATE TABLE visits (id serial PRIMARY KEY, page text)');
      await pool.query('INSERT INTO visits (page) VALUES ($1), ($2)', ['/', "/it's"]);
      const { rows, rowCount } = await pool.query('SELECT * FROM visits WHERE id > $1 ORDER BY id', [1]);
      console.log(rows, rowCount);
      await pool.query('SELECT * FROM nowhere').catch((error) => console.log(error.code, error.message));
      await pool.end();
    })();
    """
    found = host.run(IMAGE, "mkdir /w; cd /w; npm init -y > /dev/null; npm install redis pg > /dev/null; sleep 5; "
                            f"cat > a.js << 'E'\n{program}\nE\nnode a.js", NetworkMode="shop")  # fmt: skip
    assert found.out == ("1\n2\n3\nKim null\n[ { id: 2, page: \"/it's\" } ] 1\n"
                         '42P01 relation "nowhere" does not exist\n'), found.err  # fmt: skip


def test_small_packages_do_what_their_namesakes_do(host: Host):
    program = """
    require('dotenv').config();
    const { v4, validate } = require('uuid');
    console.log(process.env.NAME, process.env.LINES, validate(v4()), validate('x'));
    const axios = require('axios');
    const server = require('http').createServer((req, res) => {
      res.statusCode = req.url === '/none' ? 404 : 200;
      req.on('data', () => {}).on('end', () => res.end(JSON.stringify({ url: req.url, method: req.method })));
    }).listen(4000, async () => {
      console.log((await axios.get('http://localhost:4000/a', { params: { q: 1 } })).data);
      console.log((await axios.create({ baseURL: 'http://localhost:4000' }).post('/b', { x: 1 })).data.method);
      await axios('http://localhost:4000/none').catch((error) => console.log(error.message, error.response.status));
      await axios('http://localhost:4001').catch((error) => console.log(error.code));
      server.close();
    });
    try { require('lodash'); } catch (error) { console.log(error.message.includes('its name and size')); }
    """
    found = host.run(IMAGE, "mkdir /w; cd /w; npm init -y > /dev/null; "
                            "npm i dotenv uuid lodash cowsay axios > /dev/null\n"
                            "printf 'NAME=Kim # me\\nLINES=\"a\\\\nb\"\\n' > .env; cat > a.js << 'E'\n"
                            f"{program}\nE\nnode a.js; npx cowsay moo | head -2")  # fmt: skip
    assert found.out == (
        "Kim a\nb true false\ntrue\n{ url: '/a?q=1', method: 'GET' }\nPOST\n"
        "Request failed with status code 404 404\n"
        "ECONNREFUSED\n _____\n< moo >\n"
    ), found.err


def test_nodemon_starts_again_when_a_file_changes(host: Host):
    found = host.run(IMAGE, "mkdir /w; cd /w; npm init -y > /dev/null; npm install -D nodemon > /dev/null\n"
                            "echo 'console.log(\"one\"); setInterval(() => {}, 1000)' > index.js; npx nodemon > log &\n"
                            "sleep 10; echo 'console.log(\"two\")' > index.js; sleep 5; kill %1; cat log")  # fmt: skip
    lines = [line for line in found.out.splitlines() if "nodemon] 3" not in line]
    assert [line for line in lines if "] starting" in line] == ["[nodemon] starting `node index.js`"] * 2
    assert lines.index("one") < lines.index("[nodemon] restarting due to changes...") < lines.index("two")
    assert lines[-1] == "[nodemon] clean exit - waiting for changes before restart"


def test_scripts_of_a_project_run_in_order_and_get_their_arguments(host: Host):
    manifest = ('{"name": "p", "version": "1.2.3", "scripts": {"prebuild": "echo before", "build": "node build.js", '
                '"postbuild": "echo after", "start": "node -p process.env.npm_package_version"}}')  # fmt: skip
    found = host.run(IMAGE, f"mkdir /w; cd /w; echo '{manifest}' > package.json\n"
                            "echo 'console.log(process.argv.slice(2))' > build.js\n"
                            "npm run build --silent -- --flag x; npm start -s")  # fmt: skip
    assert found.out == "before\n[ '--flag', 'x' ]\nafter\n1.2.3\n", found.err


def test_npm_init_asks_and_takes_what_there_is_for_an_empty_answer(host: Host):
    found = host.run(IMAGE, "mkdir /shop; cd /shop\n"
                            "printf '\\n2.0.0\\na shop\\nserver.js\\n\\n\\n\\nKim\\n\\n\\n' | npm init > said\n"
                            "node -p 'const { name, version, main, author } = require(\"./package.json\"); "
                            "[name, version, main, author].join()'; grep -c 'package name: (shop)' said")  # fmt: skip
    assert found.out == "shop,2.0.0,server.js,Kim\n1\n", found.err
