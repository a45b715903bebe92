# One image for web, worker, opener and scheduler; compose.yaml starts it in each part.
FROM node:22-slim AS assets
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.lock ./
RUN pip install --require-hashes --only-binary :all: --no-deps -r requirements.lock
COPY --from=assets /app/node_modules ./node_modules
COPY . .
RUN python -c "from config.launch.install import compile_catalogues; compile_catalogues()" \
 && python -m compileall -q config grids customers credit reporting \
 && useradd --uid 10001 --no-create-home gedang \
 && useradd --uid 10002 --no-create-home opener \
 && install -d -o gedang -g gedang /data
USER gedang
ENV GEDANG_MODE=production DATA_DIR=/data HOST=0.0.0.0 PORT=8000 PROCESS_ROLE=web
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "-c", "python:config.launch.gunicorn", "config.wsgi:application"]
