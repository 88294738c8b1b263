# An image for scripts that use pandas and numpy. Build it on a machine that reaches a registry:
#
#     docker build -t toolscript/python:pandas -f docker/pandas.Dockerfile docker
#
# and name it: docker({ image: "toolscript/python:pandas" }) or TOOLSCRIPT_DOCKER_IMAGE=toolscript/python:pandas.
# For a build that gives the same image again, pin the base by digest: --build-arg BASE=python:3.13-slim@sha256:…
ARG BASE=python:3.13-slim
FROM ${BASE}

ARG NUMPY=2.3.5
ARG PANDAS=2.3.3

# Modules are compiled here, because a session can write nothing but /tmp: without it every start compiles them anew.
# The hosts file is for sessions, which have no network and get none from the daemon.
RUN pip install --no-cache-dir --only-binary=:all: "numpy==${NUMPY}" "pandas==${PANDAS}" \
 && python3 -m compileall -q "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

# What the sandbox sets in any case, for those who run the image by hand.
USER 1000:1000
WORKDIR /tmp
CMD ["python3"]
