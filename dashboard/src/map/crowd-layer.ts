// Draws everybody in one go. As a source of the map five thousand who all move every second would go through its
// worker, be cut into tiles and laid out anew; here they are one upload of numbers and one drawing. Each mark has its
// four corners in it: where there is no graphics card, what is drawn as so many instances of one is drawn one by one.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import type { Colours } from "./colours.ts";
import { CORNERS, MARKS, NUMBERS, steps, TRIANGLES, triangles, WORLD } from "./crowd.ts";
import { markSheet } from "./marks.ts";

/** Pixels of a page that a mark is wide. */
const SIZE = 16.5;
/** Numbers of a mark. */
const MARK = CORNERS * NUMBERS;

// Places are whole numbers, and so is the difference to the middle of the screen: nothing trembles, however near one
// comes, and it is the nearest of the worlds beside each other by itself. Marks stand on whole pixels, to be sharp.
const VERTEX = `#version 300 es
uniform uvec2 u_middle;
uniform mat4 u_matrix;
uniform vec2 u_screen;
uniform float u_size;
in uvec3 a_person;
out vec2 v_mark;
void main() {
  vec4 place = u_matrix * vec4(vec2(ivec2(a_person.xy - u_middle)), 0.0, 1.0);
  vec2 corner = vec2(gl_VertexID & 1, (gl_VertexID >> 1) & 1);
  vec2 pixel = floor((place.xy / place.w * 0.5 + 0.5) * u_screen - u_size * 0.5 + 0.5) + corner * u_size;
  gl_Position = place.w > 0.0 ? vec4(pixel / u_screen * 2.0 - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 0.0, 1.0);
  v_mark = vec2((float(a_person.z) + corner.x) / ${MARKS.length}.0, 1.0 - corner.y);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D u_marks;
in vec2 v_mark;
out vec4 colour;
void main() {
  colour = texture(u_marks, v_mark);
}`;

type Uniform = "u_middle" | "u_matrix" | "u_screen" | "u_size";

/** What lies on the graphics card; gone when its context is lost, and made anew with the layer. */
interface Card {
  program: WebGLProgram;
  at: Record<Uniform, WebGLUniformLocation | null>;
  corners: WebGLBuffer;
  triangles: WebGLBuffer;
  arrays: WebGLVertexArrayObject;
  marks: WebGLTexture;
}

export class CrowdLayer implements CustomLayerInterface {
  readonly id = "people";
  readonly type = "custom";
  private map: MapLibre | null = null;
  private card: Card | null = null;
  /** Pixels of the screen that a mark is wide, as its picture lies on the card. */
  private pixels = 0;
  private uploaded: Uint32Array | null = null;
  /** For so many marks there are triangles. */
  private room = 0;

  constructor(
    private colours: Colours,
    private numbers: Uint32Array<ArrayBuffer>,
  ) {}

  /** From now on these are drawn. */
  show(numbers: Uint32Array<ArrayBuffer>): void {
    this.numbers = numbers;
    this.map?.triggerRepaint();
  }

  onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.map = map;
    this.card = made(gl);
    this.pixels = 0;
    this.uploaded = null;
    this.room = 0;
  }

  onRemove(_: MapLibre, gl: WebGL2RenderingContext): void {
    if (this.card) {
      gl.deleteProgram(this.card.program);
      gl.deleteBuffer(this.card.corners);
      gl.deleteBuffer(this.card.triangles);
      gl.deleteVertexArray(this.card.arrays);
      gl.deleteTexture(this.card.marks);
    }
    this.map = this.card = null;
  }

  render(gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
    const { card, map, numbers } = this;
    if (!card || !map || numbers.length === 0) return;
    gl.useProgram(card.program);
    gl.bindVertexArray(card.arrays);
    gl.bindTexture(gl.TEXTURE_2D, card.marks);
    this.drawMarks(gl, map.getPixelRatio());
    if (this.uploaded !== numbers) this.upload(gl, card);
    const { lng, lat } = map.getCenter();
    const middle = steps([lng, lat]);
    gl.uniform2ui(card.at.u_middle, ...middle);
    gl.uniformMatrix4fv(card.at.u_matrix, false, around(defaultProjectionData.mainMatrix, middle));
    gl.uniform2f(card.at.u_screen, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.uniform1f(card.at.u_size, this.pixels);
    gl.drawElements(gl.TRIANGLES, (numbers.length / MARK) * TRIANGLES.length, gl.UNSIGNED_INT, 0);
    gl.bindVertexArray(null);
  }

  private upload(gl: WebGL2RenderingContext, card: Card): void {
    const { numbers } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, card.corners);
    gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.DYNAMIC_DRAW);
    this.uploaded = numbers;
    const many = numbers.length / MARK;
    if (many <= this.room) return;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, card.triangles);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles(many), gl.STATIC_DRAW);
    this.room = many;
  }

  /** The picture of the marks, anew when a window moves to a screen with other pixels. */
  private drawMarks(gl: WebGL2RenderingContext, ratio: number): void {
    const pixels = Math.round(SIZE * ratio);
    const sheet = pixels === this.pixels ? null : markSheet(MARKS, this.colours, pixels);
    if (!sheet) return;
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, sheet);
    this.pixels = pixels;
  }
}

/** The map's matrix for steps away from a place, instead of for parts of the world from its corner. */
function around(world: ArrayLike<number>, [east, south]: readonly [number, number]): Float32Array {
  const [x, y] = [east / WORLD, south / WORLD];
  return Float32Array.from({ length: 16 }, (_, at) => {
    const [column, row] = [at >> 2, at & 3];
    const of = (n: number): number => world[n * 4 + row] ?? 0;
    if (column < 2) return of(column) / WORLD;
    return column === 3 ? of(0) * x + of(1) * y + of(3) : of(column);
  });
}

function made(gl: WebGL2RenderingContext): Card {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    // Nothing is made of a context that is lost: it is restored with a new layer.
    const shader = gl.createShader(type);
    if (!shader) continue;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`the crowd cannot be drawn: ${gl.getProgramInfoLog(program)}`);
  const [corners, shapes] = [gl.createBuffer(), gl.createBuffer()];
  const [arrays, marks] = [gl.createVertexArray(), gl.createTexture()];
  gl.bindVertexArray(arrays);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, shapes);
  gl.bindBuffer(gl.ARRAY_BUFFER, corners);
  const person = gl.getAttribLocation(program, "a_person");
  gl.enableVertexAttribArray(person);
  gl.vertexAttribIPointer(person, NUMBERS, gl.UNSIGNED_INT, 0, 0);
  gl.bindVertexArray(null);
  gl.bindTexture(gl.TEXTURE_2D, marks);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
  for (const edge of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
    gl.texParameteri(gl.TEXTURE_2D, edge, gl.CLAMP_TO_EDGE);
  const where = (name: Uniform) => gl.getUniformLocation(program, name);
  const at = {
    u_middle: where("u_middle"),
    u_matrix: where("u_matrix"),
    u_screen: where("u_screen"),
    u_size: where("u_size"),
  };
  return { program, at, corners, triangles: shapes, arrays, marks };
}
