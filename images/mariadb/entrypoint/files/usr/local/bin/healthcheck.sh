#!/bin/bash
# for HEALTHCHECK: does the server answer?
mariadb-admin --silent ping > /dev/null
