"""The speed of section 1, as ratios within one run: `make benchmark`.

One job: a 784×500 RBM, batch 100, one thread. The bound is the time of the five matrix products
that an update of CD-1 or PCD-1 needs and nothing else.
"""

from __future__ import annotations

import importlib.util
import pathlib
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch

from lecturekit import data, rbm
from lecturekit.rbm import products
from lecturekit.rbm.fastest import machine, on_this_machine

from .conftest import interleave, speed_relative_to

N, V, H = 100, 784, 500


def binary_rows(n: int = 10_000, ones: float = 0.2) -> torch.Tensor:
    return torch.rand(n, V, generator=torch.Generator().manual_seed(0)).lt(ones).float()


@pytest.fixture
def digits() -> torch.Tensor:
    """MNIST as the lecture trains on it; 13 % are ones."""
    return (data.mnist().images.flatten(1) > 0.5).float()


def five_products(dtype: torch.dtype = torch.float32):
    """v W, h Wᵀ, v W, and vᵀh twice, into memory that is there already."""
    generator = torch.Generator().manual_seed(0)
    v, W = binary_rows(N).to(dtype), 0.01 * torch.randn(V, H, generator=generator).to(dtype)
    h = torch.rand(N, H, generator=generator).to(dtype)
    up, down, outer = (torch.empty(shape, dtype=dtype) for shape in ((N, H), (N, V), (V, H)))

    def products() -> None:
        torch.mm(v, W, out=up)
        torch.mm(h, W.t(), out=down)
        torch.mm(v, W, out=up)
        torch.mm(v.t(), h, out=outer)
        torch.mm(v.t(), h, out=outer)

    return products


def updates(
    rows: torch.Tensor, negative_phase: rbm.NegativePhase, precision: str = "float32"
) -> Callable[[], object]:
    """A call that makes one update of `train`, all that belongs to it included."""
    generator = torch.Generator(rows.device).manual_seed(0)
    model = rbm.RBM(V, H, device=rows.device)
    settings = rbm.Settings(updates=10**9, precision=precision)
    steps = rbm.train(model, rows, settings, negative_phase=negative_phase, generator=generator)
    return lambda: next(steps)


def scikit_learn_update(images: torch.Tensor):
    """PCD-1 in float32, the bare step."""
    from sklearn.neural_network import BernoulliRBM

    peer = BernoulliRBM(H, learning_rate=0.01, batch_size=N, random_state=0)
    rows = images.numpy()
    peer.partial_fit(rows[:N])
    state, at = np.random.RandomState(0), iter(range(10**9))
    return lambda: peer._fit(rows[(start := next(at) % 100 * N) : start + N], state)


def learnergy_update(rows: torch.Tensor):
    """CD-1, the body of its loop without the bookkeeping around it."""
    from learnergy.models.bernoulli import RBM

    peer, at = RBM(V, H, steps=1, learning_rate=0.01), iter(range(10**9))

    def update() -> None:
        start = next(at) % 100 * N
        v = rows[start : start + N]
        particles = peer.gibbs_sampling(v)[-1].detach()
        cost = peer.energy(v).mean() - peer.energy(particles).mean()
        peer.optimizer.zero_grad()
        cost.backward()
        peer.optimizer.step()

    return update


def rbms_update(rows: torch.Tensor):
    """PCD-1 with its centred gradient, the body of its loop."""
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.training.pcd import fit_batch_pcd

    weights, at = torch.ones(N), iter(range(10**9))
    peer = BBRBM(0.01 * torch.randn(V, H), torch.zeros(V), torch.zeros(H), "cpu", torch.float32)
    for parameter in peer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer = torch.optim.SGD(peer.parameters(), lr=0.01, maximize=True)
    chains = [peer.init_chains(N)]

    def update() -> None:
        start = next(at) % 100 * N
        optimizer.zero_grad(set_to_none=False)
        batch = (rows[start : start + N], weights)
        chains[0], _ = fit_batch_pcd(batch, chains[0], peer, 1, 1.0)
        optimizer.step()

    return update


OPTIONAL_PEERS = {  # module -> what to install, name of the contender, its update
    "rbms": ("rbms==0.5.0", "rbms PCD-1", rbms_update),
    "learnergy": ("learnergy==2.0.2", "learnergy CD-1", learnergy_update),
}


def installed_peers(rows: torch.Tensor, say) -> dict:
    peers = {"scikit-learn PCD-1": scikit_learn_update(rows)}
    for module, (requirement, name, make) in OPTIONAL_PEERS.items():
        if importlib.util.find_spec(module):
            peers[name] = make(rows)
        else:
            say(f"{name}: not measured, pip install {requirement} to have it beside the others")
    return peers


@pytest.mark.mnist
def test_cd_and_pcd_run_at_the_speed_of_their_matrix_products(digits, say):
    half = binary_rows(ones=0.5)
    contenders = {
        "five products": five_products(),
        "CD-1": updates(digits, rbm.ContrastiveDivergence(1)),
        "PCD-1": updates(digits, rbm.PersistentCD(N, 1)),
        "FPCD-1": updates(digits, rbm.FastPersistentCD(N, 1)),
        "CD-1, half of the data ones": updates(half, rbm.ContrastiveDivergence(1)),
        "PCD-1, half of the data ones": updates(half, rbm.PersistentCD(N, 1)),
    }
    peers = installed_peers(digits, say)
    ratios = speed_relative_to(interleave(contenders | peers), "five products")
    for name, ratio in ratios.items():
        say(f"{name}: {ratio:.2f} of the five products")
    chosen = on_this_machine().chosen
    taken = [job for job, way in chosen.items() if f"{N} × {V} × {H}" in job and way == "sums"]
    say(f"on {machine()}, which took {taken or 'the dense products'}")
    # What is not a product is a third of an update where dense products are fast, and hidden by
    # what skipping the zeros saves where they are slow.
    ours = min(ratios["CD-1"], ratios["PCD-1"])
    assert ours >= (0.93 if len(taken) == 2 else 0.55)
    assert ours > max(ratios[name] for name in peers)
    assert ratios["FPCD-1"] >= 0.75 * ratios["PCD-1"]


def test_skipping_the_zeros_pays(say):
    """`lecturekit.rbm.products` skips the zeros of sparse rows; that has to pay."""
    shares = (0.05, 0.1, 0.15, 0.2, 0.5)
    model = rbm.RBM(V, H).theta
    for share in shares:
        v, h = binary_rows(N, share), torch.rand(N, H)

        def both(v=v, h=h) -> None:
            products.product(v, model.W, model.c)
            products.add_outer(model.W, v, h, factor=1e-9)

        def dense(v=v, h=h) -> None:
            torch.addmm(model.c, v, model.W)
            model.W.addmm_(v.t(), h, alpha=1e-9)

        speed = speed_relative_to(interleave({"dense": dense, "ours": both}), "dense")["ours"]
        say(f"{100 * share:.0f} % ones: v W and vᵀh at {speed:.2f} of their dense speed")
        assert speed >= 0.85


def processor_has_bfloat16() -> bool:
    flags = pathlib.Path("/proc/cpuinfo")
    return flags.exists() and any(
        name in flags.read_text() for name in ("avx512_bf16", "amx_bf16", " bf16")
    )


@pytest.mark.skipif(
    not processor_has_bfloat16(),
    reason="not measured: this processor has no bfloat16 instructions (avx512_bf16, amx_bf16)",
)
def test_bfloat16_products_double_the_speed(say):
    contenders = {
        "five float32 products": five_products(),
        "CD-1": updates(binary_rows(), rbm.ContrastiveDivergence(1), "bfloat16"),
        "PCD-1": updates(binary_rows(), rbm.PersistentCD(N, 1), "bfloat16"),
    }
    ratios = speed_relative_to(interleave(contenders), "five float32 products")
    for name, ratio in ratios.items():
        say(f"{name} in bfloat16: {ratio:.2f} of the five float32 products")
    assert min(ratios["CD-1"], ratios["PCD-1"]) >= 2.2


def test_log_partition_of_784_by_25_takes_seconds_and_little_memory(say):
    """Weights as large as training makes them; in a process of its own, to see its peak memory."""
    program = """
        import resource, time, torch
        from lecturekit import rbm
        torch.set_num_threads(1)
        generator = torch.Generator().manual_seed(0)
        model = rbm.RBM(784, 25, weight_scale=0.7, generator=generator)
        with torch.no_grad():
            model.b.copy_(torch.randn(784, generator=generator) - 3)
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before, start = peak(), time.process_time()
        rbm.exact_log_partition(model)
        print(time.process_time() - start, (peak() - before) / 1024)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    seconds, megabytes = map(float, subprocess.check_output(command, text=True).split())
    say(f"exact log Z of 784×25: {seconds:.1f} CPU seconds, {megabytes:.0f} MB")
    assert seconds <= 15
    assert megabytes <= 500


@pytest.mark.gpu
def test_updates_per_second_on_a_gpu_eager_and_captured(say):
    """A captured update takes its minibatch from, and leaves its particles in, fixed memory."""
    device, count = "cuda", 2000
    eager = updates(binary_rows().to(device), rbm.PersistentCD(N, 1))
    say(f"GPU, eager: {per_second(eager, count):.0f} updates a second")

    generator = torch.Generator(device).manual_seed(0)
    model, chain, rows = (
        rbm.RBM(V, H, device=device),
        rbm.PersistentCD(N, 1),
        binary_rows().to(device),
    )
    chain.prepare(model, rows, generator=generator)
    v = rows[:N].clone()

    def update() -> None:
        rbm.update(model, v, chain, learning_rate=0.01, generator=generator)

    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            update()
    torch.cuda.current_stream().wait_stream(side)
    start = rbm.State(chain.particles, chain._hidden)
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(generator)
    before = model.W.detach().clone()
    with torch.cuda.graph(graph):
        update()
        start.visible.copy_(chain.particles)
        start.hidden.copy_(chain._hidden)

    def replay() -> None:
        torch.index_select(rows, 0, torch.randint(len(rows), (N,), device=device), out=v)
        graph.replay()

    say(f"GPU, captured in a CUDA graph: {per_second(replay, count):.0f} updates a second")
    assert model.W.isfinite().all()
    assert not torch.equal(model.W, before)


def per_second(call, count: int) -> float:
    for _ in range(20):
        call()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(count):
        call()
    torch.cuda.synchronize()
    return count / (time.perf_counter() - start)
