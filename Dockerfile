# Both stages take what they install from the committed lock, by hash.

FROM python:3.11-slim AS wheel
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.lock ./
# The build backend and what it needs, cut out of the lock; pip stops when one is missing here.
RUN awk '/^[a-z]/ { wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } wanted' \
        requirements.lock > backend.lock \
    && pip install --require-hashes -r backend.lock
COPY pyproject.toml README.md LICENSE ./
COPY generator/ generator/
COPY runtime/ runtime/
COPY templates/ templates/
RUN pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /dist .

FROM python:3.11-slim
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore \
    PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin treenail \
    && install --directory --owner=treenail --mode=700 /data
COPY requirements-runtime.lock ./
RUN pip install --require-hashes -r requirements-runtime.lock
RUN --mount=from=wheel,source=/dist,target=/dist pip install --no-index --no-deps /dist/*.whl
COPY connectors/ connectors/
USER treenail
# Nobody outside reaches a container's loopback. Without a volume at /data, or another DATABASE_URL,
# what is stored ends with the container.
ENV TREENAIL_HOST=0.0.0.0 DATABASE_URL=sqlite:////data/treenail.db
# Past any proxy of the environment: the server is on this side of it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", "\
import os, urllib.request as u; \
u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:%s/healthz' % (os.environ.get('TREENAIL_PORT') or os.environ.get('PORT') or 8750), timeout=2)"]
ENTRYPOINT ["treenail"]
CMD ["serve", "phorest"]
