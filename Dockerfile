# Everything in one image; what a container does is its command: `samenzaak serve` (all in one process, the default),
# `python -m beheer.serve_service zaken`, or `samenzaak migrate`. It needs no network at run time and writes only to
# SAMENZAAK_HOME and /tmp.

FROM docker.io/library/python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/samenzaak
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# First what changes seldom: the wheels of the lock file, each with its hash. Nothing is compiled.
COPY requirements-runtime.lock ./
RUN /opt/samenzaak/bin/python -m pip install --require-hashes --only-binary :all: -r requirements-runtime.lock
# The project itself is plain Python: copied, compiled to bytecode, and given its command. That needs no build back end.
COPY runtime /opt/samenzaak/lib/python3.11/site-packages/runtime
COPY zgw /opt/samenzaak/lib/python3.11/site-packages/zgw
COPY oas /opt/samenzaak/lib/python3.11/site-packages/oas
COPY gateway /opt/samenzaak/lib/python3.11/site-packages/gateway
COPY console /opt/samenzaak/lib/python3.11/site-packages/console
COPY services /opt/samenzaak/lib/python3.11/site-packages/services
COPY beheer /opt/samenzaak/lib/python3.11/site-packages/beheer
# The guides are built from docs/ by what does not come along.
COPY requirements-guides.lock ./
RUN python -m venv /opt/guides \
 && /opt/guides/bin/python -m pip install --require-hashes --only-binary :all: -r requirements-guides.lock
COPY CHANGELOG.md CONTRIBUTING.md ./
COPY docs ./docs
COPY guides ./guides
COPY runtime ./runtime
RUN /opt/guides/bin/python -m guides.build /opt/samenzaak/lib/python3.11/site-packages/gateway/site
RUN printf '#!/opt/samenzaak/bin/python\nfrom beheer.start import samenzaak\n\nsamenzaak()\n' > /opt/samenzaak/bin/samenzaak \
 && chmod 0755 /opt/samenzaak/bin/samenzaak \
 && /opt/samenzaak/bin/python -m compileall -q /opt/samenzaak/lib \
 && /opt/samenzaak/bin/python -m pip uninstall --yes --quiet pip setuptools

FROM docker.io/library/python:3.11-slim-bookworm
RUN groupadd --gid 10001 samenzaak \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin samenzaak \
 && install --directory --owner samenzaak --group samenzaak --mode 0750 /data
COPY --from=build /opt/samenzaak /opt/samenzaak
ENV PATH=/opt/samenzaak/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    SAMENZAAK_HOME=/data SAMENZAAK_HOST=0.0.0.0
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["samenzaak", "serve"]
