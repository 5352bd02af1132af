"""NST with the products of all pairs of channels as a tensor, [N, C, C, HW]."""

from peer import serve, uniform
from torch.nn import functional

BATCH, SIZE, CHANNELS = 64, 32, 64


def maps(seed):
    """The same values as our channels-last maps, channels first as usual in PyTorch."""
    return uniform(seed, BATCH, SIZE, SIZE, CHANNELS).permute(0, 3, 1, 2).contiguous()


TEACHER = maps(1)


def channels(x):
    return functional.normalize(x.flatten(2), dim=2)


def kernel(a, b):
    return (a[:, None] * b[:, :, None]).sum(3).square().mean()


def loss(student):
    t, s = channels(TEACHER), channels(student)
    return kernel(t, t) + kernel(s, s) - 2 * kernel(s, t)


if __name__ == "__main__":
    serve(loss, [maps(2)])
