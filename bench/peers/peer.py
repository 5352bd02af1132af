"""Inputs and protocol of the PyTorch peers of bench/peers.ts.

Needs Debian's python3-torch and libopenblas0-pthread; run with /usr/bin/python3. A peer computes
one step, value and gradients, per line of its standard input, and prints one line of JSON.
"""

import json
import sys

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


def serve(loss, inputs):
    """Computes the loss and its gradients for each line of standard input; prints the loss."""
    torch.set_num_threads(1)
    inputs = [x.requires_grad_() for x in inputs]
    for _ in sys.stdin:
        value = loss(*inputs)
        torch.autograd.grad(value, inputs)
        print(json.dumps({"value": value.item()}), flush=True)
