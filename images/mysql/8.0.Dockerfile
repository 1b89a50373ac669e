# mysql:8.0, mysql:8.0.46.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM oraclelinux:9-slim

# mysql/user: 882 B
RUN set -eux; groupadd --system --gid 999 mysql; \
    useradd --system --uid 999 --gid 999 --home-dir /var/lib/mysql --no-create-home mysql
ENV GOSU_VERSION=1.19

# mysql/gosu: 0.7 MB
RUN set -eux; arch="$(uname -m)"; case "$arch" in [...gosu download and verify...] gosu --version; gosu nobody true

# mysql/tools: 5.9 MB
RUN set -eux; microdnf install -y bzip2 gzip openssl xz zstd findutils ; microdnf clean all

# mysql/key: 2.6 kB
RUN set -eux; key='BCA4 3417 C3B4 85DD 128E C6D4 B7B3 B788 A8D3 785C'; [...] rm -rf "$GNUPGHOME"
ENV MYSQL_MAJOR=8.0
ENV MYSQL_VERSION=8.0.46-1.el9

# mysql/server-repository: 333 B
RUN set -eu; { echo '[mysql8.4-server-minimal]'; [...] } | tee /etc/yum.repos.d/mysql-community-minimal.repo

# mysql/server: 49.1 MB
RUN set -eux; microdnf install -y "mysql-community-server-minimal-$MYSQL_VERSION"; microdnf clean all; \
    [...] mysqld --version; mysql --version

# mysql/shell-repository: 321 B
RUN set -eu; { echo '[mysql-tools-community]'; [...] } | tee /etc/yum.repos.d/mysql-community-tools.repo
ENV MYSQL_SHELL_VERSION=8.4.10-1.el9

# mysql/shell: 125.8 MB
RUN set -eux; microdnf install -y "mysql-shell-$MYSQL_SHELL_VERSION"; microdnf clean all; mysqlsh --version
VOLUME ["/var/lib/mysql"]

# mysql/entrypoint: 5.2 kB
COPY docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
EXPOSE 3306 33060
CMD ["mysqld"]
