# registry:latest, registry:3, registry:3.0, registry:3.0.0.
# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.

FROM alpine:3.22.5

# registry/certificates: 0.3 MB
RUN apk add --no-cache ca-certificates

# registry/program3: 16.0 MB
RUN set -eux; version='3.0.0'; [...] tar --extract --verbose --file registry.tar.gz --directory /bin/ registry; \
    registry --version

# registry/config3: 520 B
COPY ./config-example.yml /etc/distribution/config.yml
ENV OTEL_TRACES_EXPORTER=none
VOLUME ["/var/lib/registry"]
EXPOSE 5000

# registry/entrypoint: 420 B
COPY docker-entrypoint.sh /entrypoint.sh
ENTRYPOINT ["/entrypoint.sh"]
CMD ["/etc/distribution/config.yml"]
