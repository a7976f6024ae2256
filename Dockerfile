# One image for every role; the command says which. Research software, not a medical device.
FROM python:3.13.9-slim-trixie AS build
COPY .ci/uv.txt /tmp/uv.txt
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/uv.txt
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY schemas schemas
COPY store store
COPY triton_models triton_models
COPY streams streams
COPY alerting alerting
COPY board board
COPY simulator simulator
COPY codestroke codestroke
ENV UV_PROJECT_ENVIRONMENT=/opt/codestroke UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.13.9-slim-trixie
# A volume mounted on a folder of the image takes over its owner; one mounted on nothing would belong to root.
RUN useradd --system --uid 10001 --home-dir /var/lib/codestroke --create-home codestroke \
    && install -d -o codestroke -m 0700 /var/lib/codestroke/spool
COPY --from=build /opt/codestroke /opt/codestroke
ENV PATH=/opt/codestroke/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /var/lib/codestroke
USER 10001
ENTRYPOINT ["codestroke"]
CMD ["--help"]
