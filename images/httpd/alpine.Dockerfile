# httpd:alpine, httpd:2-alpine, httpd:2.4-alpine.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM alpine:3.24.2

# httpd/alpine-user: 930 B
RUN set -x && adduser -u 82 -D -S -G www-data www-data
ENV HTTPD_PREFIX=/usr/local/apache2
ENV PATH=/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# httpd/alpine-prefix: 144 B
RUN mkdir -p "$HTTPD_PREFIX" && chown www-data:www-data "$HTTPD_PREFIX"

# empty: 32 B
WORKDIR /usr/local/apache2

# httpd/alpine-libraries: 11.0 MB
RUN set -eux; apk add --no-cache apr apr-util apr-util-ldap ca-certificates libxml2 lua5.4-libs perl
ENV HTTPD_VERSION=2.4.68
ENV HTTPD_SHA256=68c74d4df38c26bed4dfbdb8f3baf1eb532f3872357becc1bba5d136f6b63c06
ENV HTTPD_PATCHES=

# httpd/apache: 5.8 MB
RUN [...build httpd from source...] apk del --no-network .build-deps; httpd -v
STOPSIGNAL SIGWINCH

# httpd/foreground: 288 B
COPY httpd-foreground /usr/local/bin/
EXPOSE 80
CMD ["httpd-foreground"]
