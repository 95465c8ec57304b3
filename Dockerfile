# The page in a container, computing on the CPU:
#   docker build -t llm-workbench . && docker run -p 127.0.0.1:7860:7860 -v workbench:/home/workbench/data llm-workbench
# docs/deploy.md says what persists, and how to ask for a login before anybody else can reach it.
FROM python:3.12-slim

RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*

# PyTorch's CPU build first, or pip brings 2.6 GB of CUDA libraries.
RUN pip install --no-cache-dir torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
COPY requirements.txt /opt/llm-workbench/
RUN pip install --no-cache-dir -r /opt/llm-workbench/requirements.txt

RUN useradd --create-home --uid 1000 workbench && install -d -o workbench /home/workbench/data
COPY app.py LICENSE /opt/llm-workbench/
COPY llm_core /opt/llm-workbench/llm_core
COPY assets /opt/llm-workbench/assets

USER workbench
WORKDIR /opt/llm-workbench
ENV LLM_CORE_HOME=/home/workbench/data LLM_CORE_HOST=0.0.0.0 LLM_CORE_PORT=7860 PYTHONUTF8=1 PYTHONUNBUFFERED=1
VOLUME /home/workbench/data
EXPOSE 7860
CMD ["python", "app.py"]
