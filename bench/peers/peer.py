"""Inputs and protocol of the PyTorch peers of bench/peers.ts and bench/steps.ts.

Needs PyTorch 1.13 or later, such as Debian's python3-torch with libopenblas0-pthread. A peer first
prints a line of JSON about itself. Then it computes one step, value and gradients, per line of its
standard input, and prints value and CPU time in milliseconds as JSON.
"""

import json
import sys
import time

import torch

MASK = 0xFFFFFFFF


def hashed(seed, *shape):
    """Integers from 0 to 2³²−1, the same as in bench/peers/inputs.ts."""
    size = torch.Size(shape).numel()
    x = (torch.arange(size) + seed * 0x9E3779B1) & MASK
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & MASK
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & MASK
    return (x ^ (x >> 16)).view(shape)


def uniform(seed, *shape):
    """Uniform numbers from −1 to 1."""
    return (hashed(seed, *shape).double() / 2**31 - 1).float()


def answer(step, **about):
    """Runs a step on one thread for each line of standard input; prints what it returns."""
    torch.set_num_threads(1)
    print(json.dumps({"version": torch.__version__, **about}), flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        value = step()
        cpu = 1000 * (time.process_time() - start)
        print(json.dumps({"value": value, "cpu": cpu}), flush=True)


def serve(loss, inputs):
    """Computes the loss and its gradients for each line of standard input."""
    inputs = [x.requires_grad_() for x in inputs]

    def step():
        value = loss(*inputs)
        torch.autograd.grad(value, inputs)
        return value.item()

    answer(step)
