"""What the PyTorch peers of bench/peers.ts share: their inputs and the protocol.

Needs Debian's python3-torch and libopenblas0-pthread; run with /usr/bin/python3. A peer takes one
step, value and gradients, for each line of its standard input, and answers with one line of JSON.
"""

import json
import sys

import torch

MASK = 0xFFFFFFFF


def hashed(seed, *shape):
    """Whole numbers from 0 to 2³²−1, the same as bench/peers/inputs.ts makes."""
    size = torch.Size(shape).numel()
    x = (torch.arange(size) + seed * 0x9E3779B1) & MASK
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & MASK
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & MASK
    return (x ^ (x >> 16)).view(shape)


def uniform(seed, *shape):
    """From −1 to 1."""
    return (hashed(seed, *shape).double() / 2**31 - 1).float()


def serve(loss, inputs):
    """Answers with the loss of inputs, whose gradients are computed too."""
    torch.set_num_threads(1)
    inputs = [x.requires_grad_() for x in inputs]
    for _ in sys.stdin:
        value = loss(*inputs)
        torch.autograd.grad(value, inputs)
        print(json.dumps({"value": value.item()}), flush=True)
