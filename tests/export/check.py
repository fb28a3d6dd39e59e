"""Reads with the formats' own packages what `hiresnet-tui export` wrote; prints JSON.

    python check.py tensorboard|pyarrow|torch FOLDER
    python check.py watch FOLDER    # an open TensorBoard: looks again for every line of stdin
"""
import gzip
import json
import pathlib
import subprocess
import sys

what, folder = sys.argv[1], pathlib.Path(sys.argv[2])

if what == "watch":
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    for _ in sys.stdin:
        events.Reload()
        scalars = {tag: [(e.step, str(e.value)) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
        print(json.dumps({"scalars": scalars, "histograms": sorted(events.Tags()["histograms"])}), flush=True)
elif what == "tensorboard":
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()

    def scalars(tag):
        if tag in tags["scalars"]:
            return [(e.step, e.value, e.wall_time) for e in events.Scalars(tag)]
        # Newer readers turn them into tensors.
        return [(e.step, e.tensor_proto.float_val[0], e.wall_time) for e in events.Tensors(tag)]

    hparams = {}
    for tag, content in events.summary_metadata.items():
        if content.plugin_data.plugin_name == "hparams":
            data = plugin_data_pb2.HParamsPluginData.FromString(content.plugin_data.content)
            hparams[tag] = data
    start = hparams[metadata.SESSION_START_INFO_TAG].session_start_info
    values = {k: getattr(v, v.WhichOneof("kind")) for k, v in start.hparams.items()}
    experiment = hparams[metadata.EXPERIMENT_TAG].experiment
    texts = {}
    for tag, content in events.summary_metadata.items():
        if content.plugin_data.plugin_name == "text":
            texts[tag] = [event.tensor_proto.string_val[0].decode() for event in events.Tensors(tag)]
    histograms = {}
    for tag in tags["histograms"]:
        made = [(event.step, event.histogram_value) for event in events.Histograms(tag)]
        histograms[tag] = [[step, value.num, value.min, value.max] for step, value in made]
    print(json.dumps({
        "scalars": {tag: scalars(tag) for tag in tags["scalars"]},
        "histograms": histograms,
        "texts": texts,
        "hparams": values,
        "start": start.start_time_secs,
        "status": hparams[metadata.SESSION_END_INFO_TAG].session_end_info.status,
        "infos": sorted(info.name for info in experiment.hparam_infos),
        "metrics": [info.name.tag for info in experiment.metric_infos],
    }))
elif what == "pyarrow":
    import pyarrow.parquet as pq

    def plain(value):
        """JSON has no NaN and no infinity."""
        return str(value).replace("nan", "NaN") if value in (float("inf"), -float("inf")) or value != value else value

    tables = {name: pq.read_table(folder / f"{name}.parquet") for name in ("metrics", "summary")}
    print(json.dumps({
        name: {"types": {f.name: str(f.type) for f in table.schema}, "rows": [
            {column: plain(value) for column, value in row.items()} for row in table.to_pylist()]}
        for name, table in tables.items()
    }))
elif what == "torch":
    import numpy as np

    here = pathlib.Path(__file__).parents[2] / "assets/fashion-mnist"
    read = lambda name: gzip.decompress((here / f"t10k-{name}-ubyte.gz").read_bytes())
    images = np.frombuffer(read("images-idx3")[16:], np.uint8).reshape(-1, 1, 28, 28)
    labels = np.frombuffer(read("labels-idx1")[8:], np.uint8)
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    run = lambda *words: subprocess.run([sys.executable, folder / "load.py", *words], capture_output=True, text=True)
    done = [run(), run(folder / "images.npy", folder / "labels.npy")]
    print(json.dumps([[one.returncode, one.stdout, one.stderr] for one in done]))
